"""Kinds of release (解押类型): which preconditions and which documents each of them asks for.

Source: domain 4.1, 4.3 (applicability), 4.4.
"""

from collections.abc import Mapping
from types import MappingProxyType

from domain.deregistration import DeregKind, HandlingMode
from domain.dossiers import DocType
from domain.release_question import Stage

_K, _D = DeregKind, DocType
_COMMON = ("DRG-P05", "DRG-P06", "DRG-P07", "DRG-P09", "DRG-P10")
_ALWAYS = ("DRG-4.1", "DRG-W1", "DRG-W2")
_PARTIAL = (
    *_ALWAYS,
    *_COMMON,
    "DRG-P03",
    "DRG-P04",
    "DRG-P08",
    "DRG-P11",
    "DRG-L01",
    "DRG-L05",
    "DRG-L06",
    "DRG-4.6",
)
# A claim that is transferred goes another way (X18): that answer alone is given.
RULES: Mapping[DeregKind, frozenset[str]] = MappingProxyType(
    {
        kind: frozenset(rules)
        for kind, rules in {
            _K.FULL_SETTLEMENT: (
                *_ALWAYS,
                *_COMMON,
                *("DRG-P01", "DRG-P02", "DRG-P03", "DRG-P04", "DRG-P08", "DRG-P11", "DRG-P12"),
                *("DRG-P13", "DRG-L06"),
            ),
            _K.PARTIAL_RELEASE: _PARTIAL,
            _K.SUBSTITUTION: (*_PARTIAL, "DRG-L04"),
            _K.COURT_ORDERED: (*_ALWAYS, "DRG-P06", "DRG-P09", "DRG-P10"),
            _K.ENFORCED: (*_ALWAYS, "DRG-P06", "DRG-P09", "DRG-P10"),
            _K.WAIVER: (
                *_ALWAYS,
                *_COMMON,
                *("DRG-P03", "DRG-P04", "DRG-P08", "DRG-P11", "DRG-L05", "DRG-L06"),
            ),
            _K.CLAIM_TRANSFER: ("DRG-4.1",),
            _K.NEVER_DISBURSED: (
                *_ALWAYS,
                *_COMMON,
                *("DRG-P01", "DRG-P02", "DRG-P03", "DRG-P04", "DRG-P11", "DRG-L06"),
            ),
            _K.PRE_NOTICE_CANCEL: (
                *_ALWAYS,
                *_COMMON,
                *("DRG-P01", "DRG-P03", "DRG-P04", "DRG-P08", "DRG-P11", "DRG-P12", "DRG-P13"),
            ),
            _K.EXTINGUISHED: (*_ALWAYS, *_COMMON),
        }.items()
    }
)
SOME_GO = frozenset({_K.PARTIAL_RELEASE, _K.SUBSTITUTION})
# A sale, a court or its end lets it go: nobody applies, and enforcement is no obstacle.
FORCED = frozenset({_K.COURT_ORDERED, _K.ENFORCED, _K.EXTINGUISHED})
# The debt has to be paid, so a settlement proof belongs to it (4.4).
SETTLES = frozenset({_K.FULL_SETTLEMENT, _K.PRE_NOTICE_CANCEL})

_APPLIED_FOR = (_D.DEREG_APPLICATION, _D.OWNER_ID)
_AT_SUBMIT: Mapping[DeregKind, tuple[DocType, ...]] = MappingProxyType(
    {
        _K.PARTIAL_RELEASE: (*_APPLIED_FOR, _D.VALUATION_REPORT, _D.SUPPLEMENT_AGREEMENT),
        _K.SUBSTITUTION: (
            *_APPLIED_FOR,
            _D.VALUATION_REPORT,
            _D.SUPPLEMENT_AGREEMENT,
            _D.NEW_COLLATERAL_REG,
        ),
        _K.COURT_ORDERED: (*_APPLIED_FOR, _D.COURT_DOC),
        _K.ENFORCED: (_D.SALE_CONFIRMATION, _D.PROCEEDS_ENTRY),
        _K.EXTINGUISHED: (_D.LOSS_PROOF, _D.COMPENSATION_CLAIM),
    }
)


def documents_needed(
    kind: DeregKind,
    stage: Stage,
    mode: HandlingMode,
    *,
    agent: bool,
    opinion: bool = False,
    returned: bool = False,
    delivered: bool = False,
) -> tuple[DocType, ...]:
    """Documents a release of that kind needs by that stage (4.4).

    What only a later step can bring forth is asked for when that step is taken: the bank's
    consent and the registry's form before filing, the receipt and the result before closing.
    opinion: whether a seizure or a lost paper is overridden, which takes a legal opinion (4.5);
    returned: whether a paper went to its owner, who signs for it (X17);
    delivered: whether the paper was the pledge, of which no registry knows.
    """
    needed = list(_AT_SUBMIT.get(kind, _APPLIED_FOR))
    if agent:
        needed += [_D.AGENT_POA, _D.AGENT_ID]
    if opinion:
        needed.append(_D.LEGAL_OPINION)
    leaving = Stage.VAULT_OUT if mode is HandlingMode.OWNER else Stage.FILE
    if stage is Stage.CLOSE and returned:
        needed.append(_D.CERT_RECEIPT)
    if delivered:
        return tuple(needed)
    if stage in {leaving, Stage.CLOSE}:
        needed.append(_D.MORTGAGE_CANCEL_CONSENT)
    if stage in {Stage.FILE, Stage.CLOSE} and mode is not HandlingMode.OWNER:
        needed.append(_D.REGISTRY_APPLICATION)
    if stage is Stage.CLOSE:
        needed.append(_D.REGISTRY_RESULT)
    return tuple(needed)
