"""Mutations on pre-notices (预告登记): when they can be converted, and the application in time."""

from dataclasses import replace
from typing import Any

from domain.certificates import Conversion, TitleCertificate
from domain.expected_days import conversion_dated
from domain.pre_notices import (
    conversion_refusals,
    convertible,
    convertible_refusals,
    withdrawal_refusals,
    withdrawn,
)
from domain.refusals import refuse_if
from domain.roles import Operation
from resolvers.counties import county_papers
from resolvers.deed import Deed
from resolvers.mutation import mutation
from resolvers.reminders import looked_after
from schema.custody import (
    CertificateFileConversionInput,
    CertificateMarkConvertibleInput,
    CertificatePayload,
    CertificateWithdrawConversionInput,
)


@mutation(
    Operation.PROCESS_CERTIFICATE,
    CertificatePayload,
    description="Tell from when a pre-notice could become a registration (可办证, CUS-16).",
)
async def certificate_mark_convertible(
    deed: Deed, input: CertificateMarkConvertibleInput
) -> dict[str, Any]:
    """CUS-16: the last day to apply runs from here; a date told wrong may be told again."""
    certificate = await deed.subject(TitleCertificate, input.certificate_id)
    await county_papers(deed, [certificate])
    since = input.convertible_from
    refuse_if(convertible_refusals(certificate, since, today=deed.today))
    certificate = convertible(certificate, since, policy=deed.policy, calendar=deed.calendar)
    # The full right that is awaited in its place is due from here as well (CUS-27).
    same = {"collateral_nos": {"$in": list(certificate.collateral_nos)}}
    for awaited in await deed.decision.find(TitleCertificate, same):
        dated = conversion_dated(awaited, since, policy=deed.policy, calendar=deed.calendar)
        if dated != awaited:
            deed.decision.save(dated)
    return {"certificate": deed.decision.save(looked_after(deed, certificate))}


@mutation(
    Operation.FILE_WITH_REGISTRY,
    CertificatePayload,
    description="Record the application that turns a pre-notice into a registration (期转现申请).",
)
async def certificate_file_conversion(
    deed: Deed, input: CertificateFileConversionInput
) -> dict[str, Any]:
    """CUS-16: filed in time, it stops the lapse."""
    certificate = await deed.subject(TitleCertificate, input.certificate_id)
    await county_papers(deed, [certificate])
    conversion = Conversion(
        filed_on=input.filed_on,
        acceptance_no=input.acceptance_no.strip(),
        recorded_by=deed.actor.login,
    )
    refuse_if(
        conversion_refusals(
            certificate,
            conversion,
            policy=deed.policy,
            calendar=deed.calendar,
            today=deed.today,
        )
    )
    certificate = replace(certificate, conversion=conversion)
    return {"certificate": deed.decision.save(looked_after(deed, certificate))}


@mutation(
    Operation.FILE_WITH_REGISTRY,
    CertificatePayload,
    description="Take back an application that the registry returned; the lapse runs again (退件).",
)
async def certificate_withdraw_conversion(
    deed: Deed, input: CertificateWithdrawConversionInput
) -> dict[str, Any]:
    """CUS-16: past its last day, the pre-notice lapses with the clock's next round."""
    certificate = await deed.subject(TitleCertificate, input.certificate_id)
    await county_papers(deed, [certificate])
    told: dict[str, Any] = {"returned_on": input.returned_on, "reason": input.reason}
    refuse_if(withdrawal_refusals(certificate, today=deed.today, **told))
    certificate = withdrawn(certificate, **told)
    return {"certificate": deed.decision.save(looked_after(deed, certificate))}
