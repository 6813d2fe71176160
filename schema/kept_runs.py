"""Kept evaluations as clients see them: refusals worded in the viewer's language (DRG-R02)."""

from typing import Any

from domain.refusals import RefusalCode
from schema.mutations import told
from storage.records import Record

_CODES = frozenset(code.value for code in RefusalCode)


def worded(
    collection: str, rows: list[Record], fields: frozenset[str] | None, *, chinese: bool
) -> list[Record]:
    """Rows of which the refusals are kept unworded, worded; fields: what was read of them."""
    if collection != "dereg_cases" or not (fields is None or "precheck_runs" in fields):
        return rows
    return [
        row | {"precheck_runs": _each(row.get("precheck_runs"), "results", chinese)} for row in rows
    ]


def _each(runs: Any, name: str, chinese: bool) -> Any:
    """Runs, or results of one, each with what lies inside it worded; what is neither stays."""
    if not isinstance(runs, list | tuple):
        return runs
    return [
        one | {name: _inside(one.get(name), name, chinese)} if isinstance(one, dict) else one
        for one in runs
    ]


def _inside(value: Any, name: str, chinese: bool) -> Any:
    if name == "results":
        return _each(value, "refusals", chinese)
    if not isinstance(value, list | tuple):
        return value
    return [told([one], chinese=chinese)[0] if _is_kept(one) else one for one in value]


def _is_kept(refusal: Any) -> bool:
    if not isinstance(refusal, dict) or set(refusal) != {"code", "rule_id", "field", "detail"}:
        return False
    return str(refusal["code"]) in _CODES and isinstance(refusal["detail"], dict)
