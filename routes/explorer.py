"""The page at `/` for trying the API: GraphiQL where it is installed, else a page of our own.

Neither asks anything of the internet, and a browser holds them to that by their policy.
"""

import base64
import hashlib
import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

HERE = Path(__file__).parent
OWN_PAGE = HERE / "explorer.html"
GRAPHIQL_PAGE = HERE / "graphiql.html"
GRAPHIQL_FILES = (  # inside node_modules
    "graphiql/graphiql.min.css",
    "graphiql/graphiql.min.js",
    "react/umd/react.production.min.js",
    "react-dom/umd/react-dom.production.min.js",
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}


def explorer_routes(*, graphiql: Path | None, demonstration: bool) -> list[BaseRoute]:
    """The page and its files.

    graphiql: the folder of npm's packages; where GraphiQL is not in it, our own page is served.
    demonstration: whether the page offers to be any of the demonstration's users.
    """
    files = {} if graphiql is None else _files(graphiql)
    page = _page(GRAPHIQL_PAGE if files else OWN_PAGE, demonstration=demonstration)

    async def show(_request: Request) -> Response:
        return page

    async def file(request: Request) -> Response:
        found = files.get(request.path_params["name"])
        if found is None:
            return Response(status_code=404)
        return FileResponse(found, headers={**HEADERS, "Cache-Control": "max-age=3600"})

    routes: list[BaseRoute] = [Route("/", show)]
    return [*routes, Route("/explorer/{name}", file)] if files else routes


def _files(folder: Path) -> dict[str, Path]:
    """GraphiQL's files by name; none unless all are there."""
    paths = [folder / name for name in GRAPHIQL_FILES]
    return {path.name: path for path in paths} if all(path.is_file() for path in paths) else {}


def _page(path: Path, *, demonstration: bool) -> Response:
    text = path.read_text(encoding="utf-8")
    policy = _policy(text, graphiql=path == GRAPHIQL_PAGE)
    if demonstration:
        text = text.replace("<body>", '<body data-demonstration="yes">', 1)
    headers = {**HEADERS, "Content-Security-Policy": policy, "Cache-Control": "no-cache"}
    return HTMLResponse(text, headers=headers)


def _policy(text: str, *, graphiql: bool) -> str:
    """Only the page's own script and style run; it talks to this server alone.

    GraphiQL's dialogs write style elements of their own and its fonts stand in its style sheet.
    """
    scripts = " ".join(_hashes(text, "script"))
    styles = " ".join(_hashes(text, "style"))
    own = [f"script-src {scripts}", f"style-src {styles}"]
    bundled = [
        f"script-src 'self' {scripts}",
        "style-src 'self' 'unsafe-inline'",
        "font-src data:",
        "img-src data:",
    ]
    return "; ".join(
        [
            "default-src 'none'",
            *(bundled if graphiql else own),
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )


def _hashes(text: str, tag: str) -> list[str]:
    inside = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    digests = [hashlib.sha256(part.encode()).digest() for part in inside]
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
