"""Who is asking (身份): a bearer token, checked, and the person behind it as of today."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from jwt import PyJWKClient
from pymongo.errors import PyMongoError
from starlette.requests import HTTPConnection
from ulid import ULID

from domain.calendar import business_date
from domain.people import User, actor
from execution.errors import Unauthenticated
from resolvers.context import Context, Stores
from storage.errors import Unavailable
from storage.records import from_record

LOCAL_ISSUER = "lienkeeper"
LOCAL_AUDIENCE = "lienkeeper-api"
TOKEN_LIFE = timedelta(hours=12)
LEEWAY = timedelta(seconds=30)
MAX_TOKEN_LENGTH = 8_192
MAX_REQUEST_ID = 100
_ALGORITHMS = ("RS256", "ES256")
_WANTED: Mapping[str, Any] = {"require": ["exp", "iss", "aud", "sub"]}


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Whose tokens are believed: our own in demonstrations, else one issuer's."""

    key: str | None = None
    issuer: str = LOCAL_ISSUER
    audience: str = LOCAL_AUDIENCE
    jwks: PyJWKClient | None = None

    def issue(self, login: str) -> str:
        """A token of our own. Only where the key is local."""
        assert self.key is not None
        now = datetime.now(UTC)
        claims = {
            "sub": login,
            "iss": self.issuer,
            "aud": self.audience,
            "iat": now,
            "exp": now + TOKEN_LIFE,
        }
        return jwt.encode(claims, self.key, algorithm="HS256")

    async def subject(self, token: str) -> str:
        """Whose token it is. Raises: Unauthenticated."""
        try:
            if self.jwks is not None:
                signing = await asyncio.to_thread(self.jwks.get_signing_key_from_jwt, token)
                claims = self._claims(token, signing.key, _ALGORITHMS)
            else:
                claims = self._claims(token, self.key, ("HS256",))
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("The token has expired; ask for a new one.") from None
        except jwt.PyJWTError:
            raise Unauthenticated("The token is not valid here.") from None
        return str(claims["sub"])

    def _claims(self, token: str, key: Any, algorithms: tuple[str, ...]) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=list(algorithms),
            audience=self.audience,
            issuer=self.issuer,
            leeway=LEEWAY,
            options=dict(_WANTED),  # type: ignore[arg-type]
        )
        return claims


class Identity:
    """Makes the context of a request from its bearer token."""

    def __init__(self, stores: Stores, trust: Trust) -> None:
        self._stores, self._trust = stores, trust

    async def context(self, connection: HTTPConnection, authorization: str | None) -> Context:
        """The request as this person. Raises: Unauthenticated, Unavailable."""
        login = await self._trust.subject(_bearer(authorization))
        now = self._stores.clock.now()
        try:
            record = await self._stores.mongo.database["users"].find_one({"login": login})
        except PyMongoError as error:
            raise Unavailable("mongo") from error
        if record is None or not record["active"]:
            raise Unauthenticated("Nobody here signs in with this token.")
        user = from_record(User, record)
        return Context(
            stores=self._stores,
            actor=actor(user, today=business_date(now)),
            request_id=_request_id(connection),
            chinese=_chinese(connection.headers.get("accept-language", "")),
            now=now,
        )

    async def of(self, connection: HTTPConnection) -> Context:
        """The same, from the request's own header."""
        return await self.context(connection, connection.headers.get("authorization"))


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip() or len(token) > MAX_TOKEN_LENGTH:
        raise Unauthenticated("Send a bearer token in the Authorization header.")
    return token.strip()


def _request_id(connection: HTTPConnection) -> str:
    given = connection.headers.get("x-request-id", "")
    fit = given.isascii() and given.replace("-", "").isalnum() and len(given) <= MAX_REQUEST_ID
    return given if given and fit else f"req_{ULID()}"


def _chinese(accepted: str) -> bool:
    """Whether Chinese is asked for before English."""
    for part in accepted.lower().split(","):
        language = part.split(";")[0].strip()
        if language.startswith("zh"):
            return True
        if language.startswith("en"):
            return False
    return False
