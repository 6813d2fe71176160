"""Amounts in what a release says (金额), left out for whoever sees none (§9: "no amounts")."""

import re
from collections.abc import Mapping
from dataclasses import replace

from domain.refusals import Refusal, RefusalCode

HIDDEN = "***"
# Yuan with two places, what caps leave of a fen, and a ratio of both.
_FIGURE = re.compile(r"(?<![\w.])-?\d+\.(?:\d{4}(?: %)?|\d{2})(?![\w.])")
_C = RefusalCode
TELLING = frozenset(
    {
        _C.NOT_SETTLED,
        _C.MAXAMOUNT_UNDETERMINED,
        _C.OTHER_OBLIGATION,
        _C.WRITTEN_OFF_NOT_SETTLED,
        _C.LTV_EXCEEDED,
    }
)
TELLING_FACTS = frozenset({"DRG-P01", "DRG-P02", "DRG-4.6"})  # by precondition


def without_figures(refusal: Refusal) -> Refusal:
    """What a refusal says to whoever sees no amounts: what is owed, not how much."""
    if refusal.code not in TELLING:
        return refusal
    return replace(refusal, detail=hidden(refusal.detail))


def hidden(facts: Mapping[str, str]) -> dict[str, str]:
    """Facts without their amounts."""
    return {name: _FIGURE.sub(HIDDEN, text) for name, text in facts.items()}
