"""Signing a request to the object store into its URL (AWS Signature Version 4, query form).

The client library signs only the host; an upload must also be held to its length and hash.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

MAX_TTL = timedelta(minutes=5)  # ARC-20, ARC-28
UNSIGNED = "UNSIGNED-PAYLOAD"
_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signs, and for which store."""

    access_key: str
    secret_key: str
    region: str
    base_url: str  # scheme, host and, behind a proxy, a path; as the client will see it

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

        headers: what the client must send unchanged, besides the host.
        payload: SHA-256 of the body in hexadecimal, where the store is to hold the client to it.
        """
        assert timedelta(seconds=1) <= ttl <= MAX_TTL
        base = urlsplit(self.base_url)
        moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{moment[:8]}/{self.region}/s3/aws4_request"
        signed = {name.lower(): value for name, value in (headers or {}).items()}
        signed["host"] = base.netloc
        parameters = {
            **(query or {}),
            "X-Amz-Algorithm": _ALGORITHM,
            "X-Amz-Credential": f"{self.access_key}/{scope}",
            "X-Amz-Date": moment,
            "X-Amz-Expires": str(int(ttl.total_seconds())),
            "X-Amz-SignedHeaders": ";".join(sorted(signed)),
        }
        if payload != UNSIGNED:
            parameters["X-Amz-Content-Sha256"] = payload
        wanted = _canonical_query(parameters)
        full_path = quote(base.path.rstrip("/") + path, safe="/~")
        request = "\n".join(
            [
                method,
                full_path,
                wanted,
                *(f"{name}:{signed[name].strip()}" for name in sorted(signed)),
                "",
                ";".join(sorted(signed)),
                payload,
            ]
        )
        to_sign = "\n".join(
            [_ALGORITHM, moment, scope, hashlib.sha256(request.encode()).hexdigest()]
        )
        signature = self._seal(moment[:8], to_sign)
        return f"{base.scheme}://{base.netloc}{full_path}?{wanted}&X-Amz-Signature={signature}"

    def _seal(self, day: str, text: str) -> str:
        key = f"AWS4{self.secret_key}".encode()
        for part in (day, self.region, "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256").hex()


def _canonical_query(parameters: Mapping[str, str]) -> str:
    pairs = ((quote(name, safe="~"), quote(value, safe="~")) for name, value in parameters.items())
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))
