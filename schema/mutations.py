"""How every mutation looks from outside: one input, a key to repeat it by, a version to expect."""

from collections.abc import Iterable
from typing import Any

from domain.figures import without_figures
from domain.messages import message
from domain.refusals import Refusal, RefusalCode
from storage.records import Record

IDEMPOTENCY_KEY = (
    "Your own key for this request, up to 200 characters. The same key and input bring the"
    " stored answer again instead of acting twice; kept for seven days."
)
EXPECTED_VERSION = "The version you read; the mutation is refused when it has changed since."
INPUT = "What to do."


def told(
    refusals: Iterable[Refusal | Record], *, chinese: bool, amounts: bool = True
) -> list[Record]:
    """Refusals as clients see them, worded in their language.

    amounts: whether the viewer sees any; else they say what is owed and not how much.
    """
    return [_told(refusal, chinese=chinese, amounts=amounts) for refusal in refusals]


def kept(refusals: Iterable[Refusal]) -> list[Record]:
    """Refusals as they are kept, before any wording."""
    return [
        {
            "code": refusal.code.value,
            "rule_id": refusal.rule_id,
            "field": refusal.field,
            "detail": dict(refusal.detail),
        }
        for refusal in refusals
    ]


def facts(detail: dict[str, Any]) -> list[Record]:
    """Named facts as a list, which GraphQL can type."""
    return [{"name": name, "value": str(value)} for name, value in detail.items()]


def _told(refusal: Refusal | Record, *, chinese: bool, amounts: bool) -> Record:
    if isinstance(refusal, dict):
        refusal = Refusal(**refusal | {"code": RefusalCode(refusal["code"])})
    if not amounts:
        refusal = without_figures(refusal)
    return {
        "code": str(refusal.code),
        "rule_id": refusal.rule_id,
        "field": refusal.field,
        "message": message(refusal, chinese=chinese),
        "detail": facts(dict(refusal.detail)),
    }
