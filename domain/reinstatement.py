"""Lapses that were none (恢复效力): what was done in time, and recorded too late.

Only our record is wrong then; what the last day has really passed for stays lapsed.
Source: CUS-16, CUS-17.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from domain.calendar import WorkCalendar
from domain.certificates import TERMINAL, Conversion, LegalState, TitleCertificate
from domain.collaterals import Collateral
from domain.custody import CustodyEvent, Movement
from domain.policy import Policy
from domain.pre_notices import in_time, not_filed
from domain.processing import PRE_NOTICES
from domain.refusals import Refusal, invalid, state_conflict
from domain.reminders import REGISTERED_FOR_A_TIME, last_day


def reinstatement_refusals(
    certificate: TitleCertificate,
    application: Conversion,
    *,
    expires_on: date | None,
    policy: Policy,
    calendar: WorkCalendar,
    today: date,
) -> Iterator[Refusal | None]:
    """Every rule that undoing a lapse breaks.

    application: to turn a pre-notice into a registration, or to renew one that is for a time.
    expires_on: until when such a one now runs.
    """
    if certificate.cert_type not in PRE_NOTICES | REGISTERED_FOR_A_TIME:
        told = f"{certificate.cert_type} never lapses"
        yield invalid("certificateId", told, rule_id="CUS-16")
        return
    over = certificate.custody_state in TERMINAL
    if certificate.legal_state is not LegalState.LAPSED or over:
        state = certificate.custody_state if over else certificate.legal_state
        yield state_conflict("CUS-16", subject=certificate.label, state=state, event="REINSTATE")
    if certificate.cert_type in REGISTERED_FOR_A_TIME:
        yield from _renewed(certificate, application, expires_on, today)
        return
    if expires_on is not None:
        yield invalid("expiresOn", "only of a registration for a time", rule_id="CUS-16")
    yield not_filed(certificate, "REINSTATE")
    yield from in_time(certificate, application, policy=policy, calendar=calendar, today=today)


def _renewed(
    certificate: TitleCertificate, application: Conversion, expires_on: date | None, today: date
) -> Iterator[Refusal | None]:
    """The register kept it on: renewed by its last day, and running today (CUS-17)."""
    if not application.acceptance_no:
        yield invalid("acceptanceNo", "must not be empty", rule_id="CUS-17")
    ended = last_day(certificate)
    if application.filed_on > today:
        yield invalid("filedOn", "lies in the future", rule_id="CUS-17")
    elif ended is not None and application.filed_on > ended:
        yield invalid("filedOn", f"the registration ended on {ended}", rule_id="CUS-17")
    if expires_on is None or expires_on <= today:
        yield invalid("expiresOn", "say until when it runs, from today on", rule_id="CUS-17")


def before_lapse(events: Sequence[CustodyEvent]) -> LegalState:
    """The state of the right before it was booked as lapsed, as the ledger tells it."""
    states = [
        before.legal_state for before, event in pairwise(events) if event.type is Movement.LAPSE
    ]
    return states[-1] if states else LegalState.REGISTERED  # it came here lapsed


def is_secured_again(
    collateral: Collateral,
    certificates: Sequence[TitleCertificate],
    *,
    reinstated: TitleCertificate,
) -> bool:
    """Whether it counts for something again: a full right, or no other pre-notice has lapsed.

    reinstated: the right whose lapse is undone.
    """
    return reinstated.cert_type not in PRE_NOTICES or not any(
        certificate.id != reinstated.id
        and certificate.cert_type in PRE_NOTICES
        and certificate.legal_state is LegalState.LAPSED
        and collateral.no in certificate.collateral_nos
        for certificate in certificates
    )
