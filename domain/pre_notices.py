"""Pre-notices (预告登记): by when they are turned into a full registration, and what lapses.

Source: CUS-16; Civil Code art. 203, 221; 担保解释 art. 52.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from domain.calendar import WorkCalendar, nd
from domain.certificates import (
    ENDED_RIGHTS,
    Catalog,
    Conversion,
    CustodyState,
    LegalState,
    TitleCertificate,
)
from domain.collaterals import Collateral
from domain.policy import Policy
from domain.processing import PRE_NOTICES, SUCCESSORS
from domain.refusals import Refusal, invalid, state_conflict

LEGAL_DAYS = "prenotice.legal_days"
MAX_RETURNED = 20  # applications that the registry gave back, of one pre-notice


def is_standing(certificate: TitleCertificate) -> bool:
    """Whether it is a pre-notice in force: obtained, and neither lapsed nor converted."""
    return (
        certificate.cert_type in PRE_NOTICES
        and certificate.cert_no is not None
        and certificate.legal_state not in ENDED_RIGHTS
    )


def lapse_date(convertible_from: date, *, policy: Policy, calendar: WorkCalendar) -> date:
    """The last day to apply: 90 days from when registration was possible, never a holiday."""
    return calendar.roll_forward(nd(convertible_from, policy.number(LEGAL_DAYS)))


def convertible(
    certificate: TitleCertificate, since: date, *, policy: Policy, calendar: WorkCalendar
) -> TitleCertificate:
    """The pre-notice once formal registration is possible (可办证): its last day is known."""
    last = lapse_date(since, policy=policy, calendar=calendar)
    return replace(certificate, convertible_from=since, lapses_on=last)


def has_lapsed(
    certificate: TitleCertificate, *, policy: Policy, calendar: WorkCalendar, today: date
) -> bool:
    """Whether the last day has passed without an application (Civil Code 221)."""
    since = certificate.convertible_from
    if since is None or certificate.conversion is not None or not is_standing(certificate):
        return False
    return today > lapse_date(since, policy=policy, calendar=calendar)


def convertible_refusals(
    certificate: TitleCertificate, since: date, *, today: date
) -> Iterator[Refusal | None]:
    """Every rule that telling from when registration was possible breaks."""
    yield from _in_force(certificate, "MARK_CONVERTIBLE")
    yield not_filed(certificate, "MARK_CONVERTIBLE")
    if since > today:
        yield invalid("convertibleFrom", "lies in the future", rule_id="CUS-16")
    noticed = [
        day for day in (certificate.registered_on, certificate.issue_date) if day is not None
    ]
    if noticed and since < min(noticed):
        told = f"before the pre-notice itself, of {min(noticed)}"
        yield invalid("convertibleFrom", told, rule_id="CUS-16")


def conversion_refusals(
    certificate: TitleCertificate,
    conversion: Conversion,
    *,
    policy: Policy,
    calendar: WorkCalendar,
    today: date,
) -> Iterator[Refusal | None]:
    """Every rule that an application for formal registration breaks; in time it stops the lapse."""
    yield from _in_force(certificate, "FILE_CONVERSION")
    yield not_filed(certificate, "FILE_CONVERSION")
    yield from in_time(certificate, conversion, policy=policy, calendar=calendar, today=today)


def withdrawal_refusals(
    certificate: TitleCertificate, *, returned_on: date, reason: str, today: date
) -> Iterator[Refusal | None]:
    """Every rule that taking back an application breaks, which the registry returned (退件)."""
    yield from _in_force(certificate, "WITHDRAW_CONVERSION")
    conversion = certificate.conversion
    if conversion is None:
        yield state_conflict(
            "CUS-16", subject=certificate.label, state="NOT_FILED", event="WITHDRAW_CONVERSION"
        )
    elif not conversion.filed_on <= returned_on <= today:
        told = f"from {conversion.filed_on}, when it was filed, to today"
        yield invalid("returnedOn", told, rule_id="CUS-16")
    if len(certificate.returned_conversions) >= MAX_RETURNED:
        yield invalid("certificateId", f"returned {MAX_RETURNED} times already", rule_id="CUS-16")
    if not reason.strip():
        yield invalid("reason", "say why the registry returned it", rule_id="CUS-16")


def withdrawn(certificate: TitleCertificate, *, returned_on: date, reason: str) -> TitleCertificate:
    """The pre-notice without its application: it is as if none had been filed, and may lapse."""
    assert certificate.conversion is not None
    returned = replace(certificate.conversion, returned_on=returned_on, return_reason=reason)
    return replace(
        certificate,
        conversion=None,
        returned_conversions=(*certificate.returned_conversions, returned),
    )


def in_time(
    certificate: TitleCertificate,
    conversion: Conversion,
    *,
    policy: Policy,
    calendar: WorkCalendar,
    today: date,
) -> Iterator[Refusal | None]:
    """What an application must say: number, and a day between the first and the last."""
    if not conversion.acceptance_no:
        yield invalid("acceptanceNo", "must not be empty", rule_id="CUS-16")
    if conversion.filed_on > today:
        yield invalid("filedOn", "lies in the future", rule_id="CUS-16")
    since = certificate.convertible_from
    if since is None:
        return
    if conversion.filed_on < since:
        yield invalid("filedOn", f"registration became possible on {since}", rule_id="CUS-16")
    last = lapse_date(since, policy=policy, calendar=calendar)
    if conversion.filed_on > last:
        yield invalid("filedOn", f"the last day to apply was {last}", rule_id="CUS-16")


def not_filed(certificate: TitleCertificate, event: str) -> Refusal | None:
    """An application stands already: it stops the lapse, and there is one at a time."""
    if certificate.conversion is None:
        return None
    return state_conflict(
        "CUS-16", subject=certificate.label, state="CONVERSION_FILED", event=event
    )


def units_of(collaterals: Sequence[Collateral]) -> frozenset[str]:
    """The real-estate units (不动产单元) of those collaterals; a number of ours where none is."""
    return frozenset(collateral.unit_no or collateral.no for collateral in collaterals)


def converted_priority(
    pre_notice: TitleCertificate,
    *,
    units: frozenset[str],
    converted_units: frozenset[str],
    registered_on: date,
    policy: Policy,
    calendar: WorkCalendar,
) -> date:
    """The date the new right's rank counts from: the pre-notice's, if it stood for the same unit.

    registered_on: of the new right; counts where nothing was applied for before the last day.
    """
    since, in_time = pre_notice.convertible_from, True
    if since is not None and pre_notice.conversion is None:
        in_time = registered_on <= lapse_date(since, policy=policy, calendar=calendar)
    if pre_notice.legal_state in {LegalState.LAPSED, LegalState.VOID}:
        in_time = False
    if in_time and units == converted_units and pre_notice.priority_date is not None:
        return pre_notice.priority_date
    return registered_on


def followed_by(
    right: TitleCertificate, papers: Sequence[TitleCertificate]
) -> list[TitleCertificate]:
    """The pre-notices in force that a full right was registered for, covering all that they do.

    One that is out comes back for it, and is exchanged then (X13).
    """
    return [
        paper
        for paper in papers
        if is_standing(paper)
        and right.cert_type in SUCCESSORS[paper.cert_type]
        and set(paper.collateral_nos) <= set(right.collateral_nos)
        and paper.custody_state is not CustodyState.CHECKED_OUT
    ]


def still_secured(collateral: Collateral, certificates: Sequence[TitleCertificate]) -> bool:
    """Whether the bank has a full registered right on it, whatever lapses."""
    return any(
        certificate.catalog is Catalog.RIGHT_CERT
        and certificate.cert_type not in PRE_NOTICES
        and certificate.legal_state is LegalState.REGISTERED
        and collateral.no in certificate.collateral_nos
        for certificate in certificates
    )


def _in_force(certificate: TitleCertificate, event: str) -> Iterator[Refusal | None]:
    if certificate.cert_type not in PRE_NOTICES:
        yield invalid("certificateId", "only a pre-notice is converted", rule_id="CUS-16")
    elif not is_standing(certificate):
        obtained = certificate.cert_no is not None
        state = certificate.legal_state if obtained else certificate.custody_state
        yield state_conflict("CUS-16", subject=certificate.label, state=state, event=event)
