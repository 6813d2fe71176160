"""Mutations on pre-notices (预告登记): when they can be converted, and the application in time."""

from dataclasses import replace
from typing import Any

from domain.certificates import Conversion, TitleCertificate
from domain.people import Operation
from domain.pre_notices import conversion_refusals, convertible, convertible_refusals
from domain.refusals import refuse_if
from resolvers.mutation import Deed, mutation
from resolvers.reminders import looked_after
from schema.custody import (
    CertificateFileConversionInput,
    CertificateMarkConvertibleInput,
    CertificatePayload,
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
    since = input.convertible_from
    refuse_if(convertible_refusals(certificate, since, today=deed.today))
    certificate = convertible(certificate, since, policy=deed.policy, calendar=deed.calendar)
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
