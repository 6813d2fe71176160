"""The page for trying the API."""

import re
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from routes.explorer import GRAPHIQL_FILES, explorer_routes
from tests.api.doors import serve

pytestmark = pytest.mark.anyio
NOT_OURS = re.compile(r'(?:src|href)="(?!/explorer/)|https?://|@import|url\(')


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    for name in GRAPHIQL_FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"/* {name} */")
    return tmp_path


async def fetched(path: str, *, graphiql: Path | None = None, demonstration: bool = False):
    app = Starlette(routes=explorer_routes(graphiql=graphiql, demonstration=demonstration))
    async with serve(app) as port, httpx2.AsyncClient() as client:
        return await client.get(f"http://127.0.0.1:{port}{path}")


def policy(answer: httpx2.Response) -> dict[str, str]:
    parts = answer.headers["content-security-policy"].split("; ")
    return dict(part.split(" ", 1) for part in parts)


async def test_our_own_page_runs_only_its_own_script_and_style():
    answer = await fetched("/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    rules = policy(answer)
    assert rules["default-src"] == "'none'"
    assert rules["connect-src"] == "'self'"
    for name in ("script-src", "style-src"):
        assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", rules[name])


@pytest.mark.parametrize("bundled", [True, False])
async def test_a_page_asks_nothing_of_the_internet(packages, bundled):
    text = (await fetched("/", graphiql=packages if bundled else None)).text
    assert not NOT_OURS.search(text)
    assert "innerHTML" not in text


async def test_every_element_a_script_reaches_for_is_there(packages):
    for folder in (packages, None):
        text = (await fetched("/", graphiql=folder)).text
        wanted = set(re.findall(r'at\("(\w+)"\)', text))
        assert wanted <= set(re.findall(r'id="(\w+)"', text))
        assert wanted


@pytest.mark.parametrize("bundled", [True, False])
@pytest.mark.parametrize("demonstration", [True, False])
async def test_users_are_offered_only_in_a_demonstration(packages, bundled, demonstration):
    folder = packages if bundled else None
    text = (await fetched("/", graphiql=folder, demonstration=demonstration)).text
    assert ('<body data-demonstration="yes">' in text) is demonstration


async def test_graphiql_is_served_where_it_is_installed(packages):
    page = await fetched("/", graphiql=packages)
    assert policy(page)["script-src"].startswith("'self' 'sha256-")
    for path in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        answer = await fetched(path, graphiql=packages)
        assert answer.status_code == 200
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-type"].startswith(("text/javascript", "text/css"))


@pytest.mark.parametrize("name", ["package.json", "..%2f..%2fetc%2fpasswd", "graphiql.js"])
async def test_nothing_else_is_served(packages, name):
    assert (await fetched(f"/explorer/{name}", graphiql=packages)).status_code == 404


async def test_a_partial_installation_falls_back_to_our_own_page(packages):
    (packages / GRAPHIQL_FILES[0]).unlink()
    answer = await fetched("/", graphiql=packages)
    assert "/explorer/" not in answer.text
    assert (await fetched("/explorer/graphiql.min.js", graphiql=packages)).status_code == 404
