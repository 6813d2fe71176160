"""Imports point down the house: server, routes and jobs, execution, resolvers … domain."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# From the roof to the ground. Two names on one floor do not know each other.
FLOORS = (
    {"server"},
    {"routes", "jobs", "settings"},
    {"execution"},
    {"resolvers"},
    {"papers"},
    {"schema"},
    {"storage"},
    {"domain"},
)
HEIGHT = {name: -depth for depth, names in enumerate(FLOORS) for name in names}

CLIENTS = {"motor", "pymongo", "bson", "gridfs", "minio"}

# What decides, decides without the outside world.
OUTSIDE = {"asyncio", "http", "os", "random", "secrets", "socket", "subprocess", "time", "uuid"}


@dataclass(frozen=True)
class Import:
    module: str
    name: str | None  # None: the module itself is imported
    line: int
    typing: bool  # read by the type checker, never run: the types of a graph name each other

    @property
    def top(self) -> str:
        return self.module.split(".")[0]

    def __str__(self) -> str:
        return f"{self.module}.{self.name}" if self.name else self.module


def sources() -> list[str]:
    """Every file of every floor, named from the root."""
    found = [ROOT / f"{name}.py" for name in HEIGHT if (ROOT / f"{name}.py").exists()]
    for name in HEIGHT:
        found += (ROOT / name).rglob("*.py")
    return sorted(str(path.relative_to(ROOT)) for path in found)


def tree(source: str) -> ast.Module:
    return ast.parse((ROOT / source).read_text(), filename=source)


def imports(source: str) -> Iterator[Import]:
    whole = tree(source)
    unrun = {id(node) for block in whole.body if _for_types(block) for node in ast.walk(block)}
    for node in ast.walk(whole):
        typing = id(node) in unrun
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, None, node.lineno, typing) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from (Import(module, alias.name, node.lineno, typing) for alias in node.names)


def _for_types(block: ast.stmt) -> bool:
    return isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"


def floor(source: str) -> str:
    return Path(source).parts[0].removesuffix(".py")


@pytest.mark.parametrize("source", sources())
def test_imports_point_down(source):
    here = floor(source)
    up = [
        f"{source}:{one.line}: {here} imports {one}"
        for one in imports(source)
        if one.top in HEIGHT and one.top != here and HEIGHT[one.top] >= HEIGHT[here]
    ]
    assert not up


def test_only_the_server_knows_the_settings():
    knows = {source for source in sources() for one in imports(source) if one.top == "settings"}
    assert knows == {"server.py"}


@pytest.mark.parametrize("source", sources())
def test_imports_are_absolute_and_stand_at_the_top(source):
    assert not [f"{source}:{one.line}" for one in imports(source) if one.module.startswith(".")]
    inside = [
        f"{source}:{inner.lineno}"
        for outer in ast.walk(tree(source))
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for inner in ast.walk(outer)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert not inside


@pytest.mark.parametrize("source", [s for s in sources() if floor(s) != "storage"])
def test_only_storage_knows_the_clients_of_the_stores(source):
    assert not [str(one) for one in imports(source) if one.top in CLIENTS]


@pytest.mark.parametrize("source", [s for s in sources() if floor(s) == "domain"])
def test_the_domain_leans_on_nothing_that_happens_outside_it(source):
    tops = {one.top for one in imports(source)} - {"domain", "chinese_calendar"}
    assert tops <= sys.stdlib_module_names
    assert not tops & OUTSIDE


def test_no_file_imports_itself_by_a_circle():
    modules = {
        source.removesuffix(".py").removesuffix("/__init__").replace("/", "."): source
        for source in sources()
    }
    graph = {
        module: {
            target
            for one in imports(source)
            if not one.typing
            for target in (one.module, str(one))
            if target in modules and target != module
        }
        for module, source in modules.items()
    }
    assert list(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("source", sources())
def test_a_file_opens_with_one_sentence_on_what_it_is(source):
    text = ast.get_docstring(tree(source))
    assert text
    assert text.splitlines()[0].endswith(".")
