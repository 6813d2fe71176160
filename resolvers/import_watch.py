"""Lines of the feed about what is watched: holds, signals, legal cases, incidents (风险监控)."""

from collections.abc import Sequence
from typing import Any

from domain.certificates import TitleCertificate, normalised
from domain.collaterals import Collateral
from domain.dossiers import Dossier
from domain.loans import Loan
from domain.orgs import Org
from domain.parties import Customer
from domain.vaults import Vault
from domain.watch import Incident, LegalCase, LegalHold, RiskSignal, SubjectKind
from resolvers.import_parties import read_orgs
from resolvers.imports import Kind, Known, LineStatus, upserted
from schema.imports import IncidentLine, LegalCaseLine, LegalHoldLine, RiskSignalLine
from storage.records import new_id


def litigation_ended(known: Known, lines: Sequence[Any]) -> list[LegalCase]:
    """Legal cases of this batch that are closed (4.8)."""
    told = [known.get(LegalCase, line.no) for line in lines if isinstance(line, LegalCaseLine)]
    return [case for case in told if case is not None and case.closed_at is not None]


_SUBJECTS: dict[SubjectKind, tuple[type, str]] = {
    SubjectKind.LOAN: (Loan, "loan_no"),
    SubjectKind.CUSTOMER: (Customer, "no"),
    SubjectKind.COLLATERAL: (Collateral, "no"),
    SubjectKind.DOSSIER: (Dossier, "dossier_no"),
    SubjectKind.VAULT: (Vault, "code"),
}


async def _read_subjects(known: Known, named: Sequence[tuple[SubjectKind, str]]) -> None:
    """Reads what lines are about, which also fences it against decisions under way."""
    for kind, (cls, name) in _SUBJECTS.items():
        await known.read(cls, [target for k, target in named if k is kind], field_name=name)
    papers = sorted({target for k, target in named if k is SubjectKind.CERTIFICATE})
    if papers:
        norms = sorted({normalised(one) for one in papers})
        query = {"$or": [{"_id": {"$in": papers}}, {"cert_no_norm": {"$in": norms}}]}
        for certificate in await known.decision.find(TitleCertificate, query):
            for name in (certificate.id, certificate.cert_no or "", certificate.cert_no_norm or ""):
                known.found[TitleCertificate, name] = certificate


def _subject(known: Known, kind: SubjectKind, target: str, field: str) -> str:
    """What it is about, as it is called here: a paper by id, or by its number as printed (3.1)."""
    if kind is SubjectKind.CERTIFICATE:
        if (paper := known.get(TitleCertificate, target)) is None:
            paper = known.need(TitleCertificate, normalised(target), field)
        return target if target == paper.id else str(paper.cert_no)
    if kind in _SUBJECTS:
        known.need(_SUBJECTS[kind][0], target, field)
    return target


async def _read_hold(known: Known, lines: Sequence[LegalHoldLine]) -> None:
    await known.read(LegalHold, [line.no for line in lines], field_name="no")
    await read_orgs(known, [line.org for line in lines])
    await _read_subjects(known, [(SubjectKind(line.scope.value), line.target) for line in lines])


def _take_hold(known: Known, line: LegalHoldLine) -> tuple[LineStatus, str]:
    target = _subject(known, SubjectKind(line.scope.value), line.target, "target")
    return _watched(known, LegalHold, line, target=target)


async def _read_signal(known: Known, lines: Sequence[RiskSignalLine]) -> None:
    await known.read(RiskSignal, [line.no for line in lines], field_name="no")
    await read_orgs(known, [line.org for line in lines])
    await _read_subjects(known, [(line.subject_kind, line.subject) for line in lines])


async def _read_case(known: Known, lines: Sequence[LegalCaseLine]) -> None:
    await known.read(LegalCase, [line.no for line in lines], field_name="no")
    await read_orgs(known, [line.org for line in lines])
    await _read_subjects(known, [(line.subject_kind, line.subject) for line in lines])


def _take_signal(known: Known, line: RiskSignalLine) -> tuple[LineStatus, str]:
    subject = _subject(known, line.subject_kind, line.subject, "subject")
    old = known.get(RiskSignal, line.no)
    if old is None:
        return _watched(known, RiskSignal, line, subject=subject)
    # The feed does not know what was proposed here (P07).
    return _watched(
        known,
        RiskSignal,
        line,
        subject=subject,
        elimination_proposed_on=old.elimination_proposed_on,
        elimination_reason=old.elimination_reason,
    )


def _take_legal_case(known: Known, line: LegalCaseLine) -> tuple[LineStatus, str]:
    subject = _subject(known, line.subject_kind, line.subject, "subject")
    return _watched(known, LegalCase, line, subject=subject)


async def _read_incident(known: Known, lines: Sequence[IncidentLine]) -> None:
    await known.read(Incident, [line.no for line in lines], field_name="no")
    await read_orgs(known, [line.org for line in lines])
    await _read_subjects(known, [(line.subject_kind, line.subject) for line in lines])


def _take_incident(known: Known, line: IncidentLine) -> tuple[LineStatus, str]:
    subject = _subject(known, line.subject_kind, line.subject, "subject")
    old = known.get(Incident, line.no)
    if old is None:
        return _watched(known, Incident, line, subject=subject)
    # The feed does not know who reported it here and who answers for it.
    here = {"reported_by": old.reported_by, "accountability": old.accountability}
    return _watched(known, Incident, line, subject=subject, **here)


def _watched(known: Known, cls: Any, line: Any, **facts: Any) -> tuple[LineStatus, str]:
    old, org = known.get(cls, line.no), known.need(Org, line.org, "org")
    new = cls(
        id=old.id if old else new_id(cls),
        org_code=org.code,
        org_path=org.org_path,
        **line.model_dump(exclude={"org"}) | facts,
    )
    status, id = upserted(known, old, new)
    known.found[cls, line.no] = new
    return status, id


WATCH_KINDS = {
    "LegalHold": Kind(read=_read_hold, take=_take_hold),
    "RiskSignal": Kind(read=_read_signal, take=_take_signal),
    "LegalCase": Kind(read=_read_case, take=_take_legal_case),
    "Incident": Kind(read=_read_incident, take=_take_incident),
}
