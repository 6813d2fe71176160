"""Who is asking (身份): a bearer token, checked, and the person behind it as of today."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import jwt
from jwt import PyJWKClient
from starlette.requests import HTTPConnection

from domain.calendar import business_date
from domain.people import User, actor
from execution.errors import Unauthenticated
from resolvers.context import Context, Stores
from storage.finds import find
from storage.records import Record, from_record
from storage.scope import Sight

LOCAL_ISSUER = "lienkeeper"
LOCAL_AUDIENCE = "lienkeeper-api"
TOKEN_LIFE = timedelta(hours=12)
LEEWAY = timedelta(seconds=30)
MAX_TOKEN_LENGTH = 8_192
MAX_REQUEST_ID = 100
MAX_CHECKED = 10_000  # tokens whose signature is remembered
MAX_SEEN = 10_000  # people
CHECKED_FOR_S = 300  # as long as a key that was withdrawn may still be believed
_ALGORITHMS = ("RS256", "ES256")
_WANTED: Mapping[str, Any] = {"require": ["exp", "iss", "aud", "sub"]}


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Whose tokens are believed: our own in demonstrations, else one issuer's."""

    key: str | None = None
    issuer: str = LOCAL_ISSUER
    audience: str = LOCAL_AUDIENCE
    jwks: PyJWKClient | None = None
    _checked: dict[str, tuple[str, float]] = field(default_factory=dict)  # login and until when

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
        """Whose token it is. Raises: Unauthenticated.

        A signature that was checked is not checked again for a while; the end of the token is.
        """
        login, until = self._checked.get(token, ("", 0.0))
        if time.time() < until:
            return login
        claims = await self._verified(token)
        if len(self._checked) >= MAX_CHECKED:
            self._checked.clear()
        until = min(claims["exp"] + LEEWAY.total_seconds(), time.time() + CHECKED_FOR_S)
        self._checked[token] = str(claims["sub"]), until
        return str(claims["sub"])

    async def _verified(self, token: str) -> dict[str, Any]:
        try:
            if self.jwks is not None:
                signing = await asyncio.to_thread(self.jwks.get_signing_key_from_jwt, token)
                return self._claims(token, signing.key, _ALGORITHMS)
            return self._claims(token, self.key, ("HS256",))
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("The token has expired; ask for a new one.") from None
        except jwt.PyJWTError:
            raise Unauthenticated("The token is not valid here.") from None

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
        self._seen: dict[str, tuple[Record, date, Sight]] = {}  # by login

    async def context(self, headers: Mapping[str, str], authorization: str | None) -> Context:
        """The request as this person. Raises: Unauthenticated.

        The token says who it is; whether this person may still ask, and what they see, is looked
        up with the first read.
        """
        login = await self._trust.subject(_bearer(authorization))
        now = self._stores.clock.now()
        return Context(
            stores=self._stores,
            look_up=lambda: self._sight(login, business_date(now)),
            given_id=_request_id(headers.get("x-request-id", "")),
            chinese=_chinese(headers.get("accept-language", "")),
            now=now,
        )

    async def of(self, connection: HTTPConnection) -> Context:
        """The same by its own header, looked up. Raises: Unauthenticated, Unavailable."""
        headers = connection.headers
        context = await self.context(headers, headers.get("authorization"))
        await context.identified()
        return context

    def _sight(self, login: str, today: date) -> Sight:
        """What the person sees; the record is read every time, and understood when it changed."""
        found = find(self._stores.mongo.direct, "users", {"login": login}, limit=1)
        if not found or not found[0]["active"]:
            raise Unauthenticated("Nobody here signs in with this token.")
        known = self._seen.get(login)
        if known is not None and known[:2] == (found[0], today):
            return known[2]
        sight = Sight(actor(from_record(User, found[0]), today=today), self._stores.sealer)
        if len(self._seen) >= MAX_SEEN:
            self._seen.clear()
        self._seen[login] = found[0], today, sight
        return sight


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip() or len(token) > MAX_TOKEN_LENGTH:
        raise Unauthenticated("Send a bearer token in the Authorization header.")
    return token.strip()


def _request_id(given: str) -> str | None:
    fit = given.isascii() and given.replace("-", "").isalnum() and len(given) <= MAX_REQUEST_ID
    return given if given and fit else None


def _chinese(accepted: str) -> bool:
    """Whether Chinese is asked for before English."""
    for part in accepted.lower().split(","):
        language = part.split(";")[0].strip()
        if language.startswith("zh"):
            return True
        if language.startswith("en"):
            return False
    return False
