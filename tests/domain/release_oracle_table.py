"""Which precondition is asked of which kind of release, from the table alone (domain 4.3)."""

from collections.abc import Callable

from domain.deregistration import DeregKind
from domain.release_question import Question, Stage
from tests.domain import release_oracle as oracle
from tests.domain import release_oracle_papers as papers
from tests.domain import release_oracle_rest as rest
from tests.domain.release_oracle import STAYS, Broken, K

ALL = set(DeregKind) - {K.CLAIM_TRANSFER}
PAID = {K.FULL_SETTLEMENT, K.PRE_NOTICE_CANCEL}
BY_FORCE = {K.COURT_ORDERED, K.ENFORCED}
WHOLE: dict[str, tuple[set[DeregKind], Callable[[Question], Broken]]] = {
    "DRG-4.1": (set(DeregKind), papers.kind_fits),
    "DRG-P01": (PAID | {K.NEVER_DISBURSED}, oracle.p01),
    "DRG-P02": ({K.FULL_SETTLEMENT, K.NEVER_DISBURSED}, oracle.p02),
    "DRG-P03": (PAID | STAYS | {K.WAIVER, K.NEVER_DISBURSED}, oracle.p03),
    "DRG-P04": (ALL - BY_FORCE - {K.EXTINGUISHED}, oracle.p04),
    "DRG-P05": (ALL - BY_FORCE, oracle.p05),
    "DRG-P06": (ALL, oracle.p06),
    "DRG-P07": (ALL - BY_FORCE, oracle.p07),
    "DRG-P08": (PAID | STAYS | {K.WAIVER}, oracle.p08),
    "DRG-P09": (ALL, oracle.p09),
    "DRG-P10": (ALL, papers.p10),
    "DRG-P11": (ALL - BY_FORCE - {K.EXTINGUISHED}, papers.p11),
    "DRG-P12": (PAID, oracle.p12),
    "DRG-P13": (PAID, papers.p13),
    "DRG-W1": (ALL, oracle.w1),
    "DRG-W2": (ALL, oracle.w2),
    "DRG-L01": (STAYS, rest.l01),
    "DRG-L04": ({K.SUBSTITUTION}, rest.l04),
    "DRG-L05": (STAYS | {K.WAIVER}, rest.l05),
    "DRG-L06": (STAYS | {K.FULL_SETTLEMENT, K.WAIVER, K.NEVER_DISBURSED}, rest.l06),
    "DRG-4.6": (STAYS, rest.ltv),
}


def broken(q: Question) -> dict[str, set[tuple[str, str]]]:
    """For each rule that is asked of this kind: what fails, by rule and code; none is a pass."""
    found: dict[str, set[tuple[str, str]]] = {}
    for rule, (kinds, check) in WHOLE.items():
        if q.kind in kinds:
            answers = [b if isinstance(b, tuple) else (rule, b) for b in check(q)]
            found[rule] = set(answers)
    return found


def warns(rule: str, q: Question) -> bool:
    return rule in ("DRG-W1", "DRG-W2") or (rule == "DRG-P13" and q.stage is not Stage.CLOSE)
