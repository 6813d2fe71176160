"""The object store that tests of this folder talk to, named by the environment."""

import os
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class ObjectServer:
    endpoint: str
    access_key: str
    secret_key: str


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def object_server() -> ObjectServer:
    names = ("TEST_S3_ENDPOINT", "TEST_S3_ACCESS", "TEST_S3_SECRET")
    if not all(name in os.environ for name in names):
        pytest.skip("No object store is named by TEST_S3_ENDPOINT, _ACCESS and _SECRET.")
    return ObjectServer(*(os.environ[name] for name in names))
