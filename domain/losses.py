"""Lost paper (遗失): reported, found again, confirmed lost, and reissued by the registry.

Source: CUS-19; X21 to X23.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from domain.calendar import WorkCalendar, business_date
from domain.certificates import ENDED_RIGHTS, Catalog, TitleCertificate, normalised
from domain.custody import Movement, illegal
from domain.dossiers import DocType
from domain.dual_control import conflicting_part
from domain.files import ArchiveFile, FileStatus, FileVersion
from domain.orgs import TIER2_AND_ABOVE, OrgLevel
from domain.people import RoleGrant
from domain.policy import Policy
from domain.refusals import Refusal, RefusalCode, invalid, state_conflict
from domain.vaulting import Scan, held_by_case, locked, scan_missing
from domain.vaults import Vault, frozen
from domain.watch import Incident


def report_refusals(
    certificate: TitleCertificate,
    incident: Incident | None,
    *,
    discovered_on: date,
    reason: str,
    today: date,
) -> Iterator[Refusal | None]:
    """Every rule that a report of a loss breaks; a late one is taken and stays late (CUS-19).

    incident: what is already known of this paper and still open.
    """
    yield illegal(certificate, Movement.CONFIRM_LOST)
    if incident is not None and incident.reported_at is not None:
        yield state_conflict(
            "CUS-19", subject=f"Incident {incident.no}", state="reported", event="REPORT"
        )
    if discovered_on > today:
        yield invalid("discoveredOn", "lies in the future", rule_id="CUS-19")
    if not reason.strip():
        yield invalid("reason", "say what happened", rule_id="CUS-19")


def report_due(discovered_at: datetime, *, policy: Policy, calendar: WorkCalendar) -> date:
    """The last day on which a report is in time (CUS-19)."""
    days = policy.number("incident.report_wd")
    return calendar.wd(business_date(discovered_at), days)


def found_refusals(
    certificate: TitleCertificate,
    vault: Vault,
    scans: Sequence[Scan],
    *,
    cert_no: str,
    pages: int,
    proposal_id: str,
) -> Iterator[Refusal | None]:
    """Every rule that a paper found again breaks. Asked at both halves (X21, CUS-04e)."""
    yield illegal(certificate, Movement.FOUND)
    if not held_by_case(certificate):
        yield locked(certificate, proposal_id=proposal_id)
    yield frozen(vault)
    if normalised(cert_no) != certificate.cert_no_norm:
        yield _mismatch("certNo", cert_no, certificate.cert_no or "")
    if certificate.pages is not None and pages != certificate.pages:
        yield _mismatch("pages", str(pages), str(certificate.pages))
    yield scan_missing(certificate, scans)


def loss_refusals(
    certificate: TitleCertificate,
    incident: Incident | None,
    *,
    approver: str,
    grants: Sequence[RoleGrant],
    accountability: str,
    late_reason: str | None,
    report_due: date | None,
) -> Iterator[Refusal | None]:
    """Every rule that a confirmed loss breaks (X22).

    incident: the open one on this paper; grants: what lets the approver
    confirm losses there.
    A report that came late does not keep a lost paper in the books for ever: it counts once the
    approver has put down why it was late.
    """
    yield illegal(certificate, Movement.CONFIRM_LOST)
    if not any(grant.org_level in TIER2_AND_ABOVE for grant in grants):
        yield Refusal(
            code=RefusalCode.APPROVAL_LEVEL,
            rule_id="X22",
            detail={"required": f"APPROVER at {OrgLevel.TIER2_BRANCH}"},
        )
    if not accountability.strip():
        yield invalid("accountability", "say who answers for it", rule_id="X22")
    holder = certificate.holder.login if certificate.holder is not None else None
    yield conflicting_part(approver, {holder: "holder of the paper"} if holder else {})
    if incident is None or incident.reported_at is None or report_due is None:
        yield invalid("certificateId", "nobody has reported the loss yet", rule_id="CUS-19")
        return
    if incident.reported_by == approver:
        yield Refusal(code=RefusalCode.SELF_APPROVAL, rule_id="X22")
    reported_on = business_date(incident.reported_at)
    if reported_on > report_due and not (late_reason or "").strip():
        yield invalid(
            "lateReason",
            f"reported on {reported_on}, due on {report_due}; say why",
            rule_id="CUS-19",
        )


def right_over(certificate: TitleCertificate) -> Refusal | None:
    """Of a right that has ended the registry issues nothing anew (X23)."""
    lost = illegal(certificate, Movement.REISSUE) is None
    if not lost or certificate.catalog is not Catalog.RIGHT_CERT:
        return None
    if certificate.legal_state not in ENDED_RIGHTS:
        return None
    return state_conflict(
        "X23", subject=certificate.label, state=certificate.legal_state, event="REISSUE"
    )


def reissue_refusals(
    certificate: TitleCertificate,
    *,
    new_no: str,
    discovered_on: date | None,
    published_on: date,
    acceptance_no: str,
    policy: Policy,
    calendar: WorkCalendar,
    today: date,
) -> Iterator[Refusal | None]:
    """Every rule that a reissue breaks, but for what is printed and what proves it (X23).

    A loss is published once it is known (CUS-19), and the new paper has a number of its own.
    discovered_on: when the loss was, where it is on record; published_on: when its statement was.
    """
    yield illegal(certificate, Movement.REISSUE)
    yield right_over(certificate)
    if not acceptance_no.strip():
        yield invalid("acceptanceNo", "the registry's number of the application", rule_id="X23")
    if normalised(new_no) == certificate.cert_no_norm:
        yield invalid("certNo", "a new certificate has a number of its own", rule_id="X23")
    if discovered_on is not None and published_on < discovered_on:
        told = f"before the loss was discovered, {discovered_on}"
        yield invalid("publishedOn", told, rule_id="CUS-19")
    if published_on > today:
        yield invalid("publishedOn", "lies in the future", rule_id="X23")
        return
    possible_on = calendar.wd(published_on, policy.number("reissue.publication_wait_wd"))
    if today < possible_on:
        yield invalid(
            "publishedOn", f"a reissue is possible from {possible_on} on", rule_id="CUS-19"
        )


def proof_refusals(
    certificate: TitleCertificate,
    version: FileVersion,
    file: ArchiveFile,
    *,
    needed: Sequence[DocType],
    field: str,
    rule_id: str,
) -> Iterator[Refusal | None]:
    """What keeps a file from proving it: another kind, about another paper, or not accepted."""
    fits = version.doc_type in needed and file.certificate_id == certificate.id
    if not fits or version.status is not FileStatus.ACCEPTED:
        yield Refusal(
            code=RefusalCode.DOC_MISSING,
            rule_id=rule_id,
            field=field,
            detail={"documents": f"accepted {' or '.join(needed)} of {certificate.label}"},
        )


def unaccepted(version: FileVersion, *, field: str, rule_id: str) -> Refusal | None:
    """What was shown and has been rejected since proves nothing any more."""
    if version.status is FileStatus.ACCEPTED:
        return None
    told = f"{version.doc_type}, accepted (it is {version.status})"
    return Refusal(
        code=RefusalCode.DOC_MISSING, rule_id=rule_id, field=field, detail={"documents": told}
    )


def _mismatch(what: str, actual: str, recorded: str) -> Refusal:
    return Refusal(
        code=RefusalCode.RETURN_MISMATCH,
        rule_id="X21",
        field=what,
        detail={"what": what, "actual": actual, "recorded": recorded},
    )
