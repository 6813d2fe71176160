"""Signing a request to the object store into its URL (AWS Signature Version 4, query form).

The client library signs only the host; an upload must also be held to its length and hash.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

MAX_TTL = timedelta(minutes=5)  # ARC-20, ARC-28
UNSIGNED = "UNSIGNED-PAYLOAD"
_ALGORITHM = "AWS4-HMAC-SHA256"
_PORTS = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signs, and for which store."""

    access_key: str
    secret_key: str = field(repr=False)
    region: str
    base_url: str  # scheme and host, as the client will see them

    def sign(
        self,
        method: str,
        path: str,
        *,
        now: datetime,
        ttl: timedelta,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        payload: str = UNSIGNED,
    ) -> str:
        """The URL that allows exactly this request until `ttl` has passed.

        headers: what the client must send unchanged besides the host; names in lower case.
        payload: SHA-256 of the body in hexadecimal, where the store is to hold the client to it.
        """
        assert timedelta(seconds=1) <= ttl <= MAX_TTL
        scheme, host = _origin(self.base_url)
        moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{moment[:8]}/{self.region}/s3/aws4_request"
        signed = {"host": host, **(headers or {})}
        names = ";".join(sorted(signed))
        parameters = {
            **(query or {}),
            **({} if payload == UNSIGNED else {"X-Amz-Content-Sha256": payload}),
            "X-Amz-Algorithm": _ALGORITHM,
            "X-Amz-Credential": f"{self.access_key}/{scope}",
            "X-Amz-Date": moment,
            "X-Amz-Expires": str(int(ttl.total_seconds())),
            "X-Amz-SignedHeaders": names,
        }
        target = quote(path, safe="/~")
        wanted = _canonical_query(parameters)
        sent = [f"{name}:{value}" for name, value in sorted(signed.items())]
        request = "\n".join([method, target, wanted, *sent, "", names, payload])
        digest = hashlib.sha256(request.encode()).hexdigest()
        signature = self._seal(moment[:8], "\n".join([_ALGORITHM, moment, scope, digest]))
        return f"{scheme}://{host}{target}?{wanted}&X-Amz-Signature={signature}"

    def _seal(self, day: str, text: str) -> str:
        key = f"AWS4{self.secret_key}".encode()
        for part in (day, self.region, "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256").hex()


def _origin(base_url: str) -> tuple[str, str]:
    """Scheme and host as a client names them: without the port that goes without saying."""
    base = urlsplit(base_url)
    assert base.scheme in _PORTS
    assert base.path in {"", "/"}, "a path would be signed but not seen by the store"
    return base.scheme, base.netloc.removesuffix(_PORTS[base.scheme])


def _canonical_query(parameters: Mapping[str, str]) -> str:
    pairs = ((quote(name, safe="~"), quote(value, safe="~")) for name, value in parameters.items())
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))
