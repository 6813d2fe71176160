"""With a real identity provider: its tokens alone are believed, and the demonstration is shut."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

import server
from execution.errors import Unauthenticated
from routes.identity import Trust
from settings import Settings

ISSUER, AUDIENCE = "https://issuer.example", "lienkeeper"


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def jwks(key):
    """An issuer's key set, served over HTTP."""
    public = json.loads(RSAAlgorithm.to_jwk(key.public_key())) | {"kid": "k1", "use": "sig"}
    body = json.dumps({"keys": [public]}).encode()

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Silence."""

    with HTTPServer(("127.0.0.1", 0), Keys) as http:
        thread = threading.Thread(target=http.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/keys"
        http.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def settings(jwks):
    return Settings(jwt_issuer=ISSUER, jwt_audience=AUDIENCE, jwt_jwks_url=jwks)


def token(key, **changes):
    claims = {"sub": "auditor", "iss": ISSUER, "aud": AUDIENCE, "exp": 4102444800, **changes}
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": "k1"})


@pytest.fixture(scope="module")
def wiring(settings, endpoints):
    wired = server.wire(settings, endpoints)
    yield wired
    wired.close()


@pytest.mark.anyio
async def test_an_issuers_token_is_believed(wiring, key):
    assert await wiring.trust.subject(token(key)) == "auditor"


@pytest.mark.anyio
@pytest.mark.parametrize(
    "changes",
    [{"aud": "others"}, {"iss": "https://other.example"}, {"exp": 1}],
)
async def test_other_audiences_issuers_and_old_tokens_are_not(wiring, key, changes):
    with pytest.raises(Unauthenticated):
        await wiring.trust.subject(token(key, **changes))


@pytest.mark.anyio
async def test_our_own_demonstration_tokens_are_not(wiring, endpoints):
    own = Trust(key=endpoints.token_key).issue("auditor")
    with pytest.raises(Unauthenticated):
        await wiring.trust.subject(own)


@pytest.mark.anyio
async def test_the_demonstration_doors_are_shut(settings, wiring):
    transport = httpx2.ASGITransport(app=server.application(settings, wiring))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        for path in ("/demo/token", "/demo/users", "/demo/clock", "/demo/run-jobs"):
            assert (await client.get(path)).status_code == 404
            assert (await client.post(path, json={})).status_code == 404
