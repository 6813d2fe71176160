"""A certificate that covers several collaterals, of which a part was released (DRG-L08).

It is not surrendered: the registry gives a new one for what stays, with the old one's rank.
"""

from collections.abc import Iterable, Iterator, Sequence

from domain.case_files import file_refusals
from domain.certificates import (
    Carrier,
    CertType,
    CustodyState,
    TitleCertificate,
    normalised,
)
from domain.collaterals import ENDED_PLEDGES, Collateral
from domain.deregistration import DeregistrationCase
from domain.dossiers import DocType
from domain.files import ArchiveFile, FileVersion
from domain.guarantees import GuaranteeContract
from domain.refusals import Refusal, invalid, state_conflict
from domain.releasing import awaits_exchange


def brought_refusals(case: DeregistrationCase, old: TitleCertificate) -> Iterator[Refusal | None]:
    """What keeps a certificate of a case from being exchanged; asked at both halves."""
    if old.custody_state is not CustodyState.OUT_FOR_DEREG:
        yield state_conflict(
            "DRG-L08", subject=old.label, state=old.custody_state, event="RETURN_EXCHANGED"
        )
        return
    if old.lock is None or old.lock.id != case.id or not awaits_exchange(old):
        yield state_conflict(
            "DRG-L08", subject=old.label, state=old.legal_state, event="RETURN_EXCHANGED"
        )


def proof_refusals(
    case: DeregistrationCase, file: ArchiveFile, version: FileVersion, *, field: str
) -> Iterator[Refusal | None]:
    """The registry's receipt or result shows that a new certificate takes the place (回执, X13)."""
    shown = version.doc_type is DocType.REGISTRY_ACCEPTANCE
    code = DocType.REGISTRY_ACCEPTANCE if shown else DocType.REGISTRY_RESULT
    yield from file_refusals(case, file, version, code, field=field)


def remainder_refusals(
    old: TitleCertificate, *, new_type: CertType, new_no: str
) -> Iterator[Refusal | None]:
    """Which new certificate may take its place: of the same kind, under a number of its own."""
    if new_type is not old.cert_type:
        yield invalid("certType", f"a {old.cert_type} does not become this", rule_id="DRG-L08")
    if normalised(new_no) == old.cert_no_norm:
        yield invalid("certNo", "a new certificate has a number of its own", rule_id="DRG-L08")


def what_stays(old: TitleCertificate, covered: Iterable[Collateral]) -> tuple[str, ...]:
    """The collaterals that the new certificate covers, in the order of the old one."""
    ended = {one.no for one in covered if one.pledge_state in ENDED_PLEDGES}
    return tuple(no for no in old.collateral_nos if no not in ended)


def left_for(
    right: TitleCertificate, papers: Iterable[TitleCertificate], covered: Sequence[Collateral]
) -> TitleCertificate | None:
    """The electronic certificate, partly released, of which a right shows what stays (DRG-L08).

    No paper comes back from the registry for it: its successor is filed by itself. covered: every
    collateral of these papers.
    """
    for old in papers:
        same = old.cert_type is right.cert_type and old.carrier is Carrier.ELECTRONIC
        left = same and awaits_exchange(old) and not old.is_over
        if left and set(what_stays(old, covered)) == set(right.collateral_nos):
            return old
    return None


def still_securing(
    contracts: Sequence[GuaranteeContract], collateral_nos: Sequence[str]
) -> tuple[str, ...]:
    """The contracts that still tie any of them."""
    return tuple(
        contract.no
        for contract in contracts
        if any(contract.active_link(no) is not None for no in collateral_nos)
    )
