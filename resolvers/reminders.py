"""Deadlines of papers: what runs once a paper is obtained, and a new last day (到期监控)."""

from dataclasses import replace
from typing import Any

from domain.certificates import Catalog, CertType, TitleCertificate
from domain.collaterals import Collateral
from domain.pre_notices import convertible
from domain.processing import PRE_NOTICES
from domain.refusals import Forbidden, refuse_if
from domain.reminders import expiry_refusals, unclaimed_from, watched
from domain.roles import Operation
from resolvers.conversions import converted
from resolvers.deed import Deed
from resolvers.mutation import mutation
from resolvers.secured import collaterals_query
from schema.custody import CertificatePayload, CertificateRecordExpiryInput


@mutation(
    Operation.PROCESS_CERTIFICATE,
    CertificatePayload,
    description="Record until when a paper or a registration now runs, once renewed (续期登记).",
)
async def certificate_record_expiry(
    deed: Deed, input: CertificateRecordExpiryInput
) -> dict[str, Any]:
    """CUS-17: reminders begin again before the new day.

    Raises: Forbidden to a county's registrar for an insurance, which the centre supervises (S17).
    """
    certificate = await deed.subject(TitleCertificate, input.certificate_id)
    insured = certificate.cert_type is CertType.PROPERTY_INSURANCE
    if insured and deed.actor.acts_for_county(deed.operation):
        raise Forbidden("A county's registrar does not supervise insurance.")
    refuse_if(expiry_refusals(certificate, input.expires_on, today=deed.today))
    certificate = replace(certificate, expires_on=input.expires_on)
    return {"certificate": deed.decision.save(looked_after(deed, certificate))}


def looked_after(deed: Deed, certificate: TitleCertificate) -> TitleCertificate:
    """The certificate with its deadlines scheduled anew."""
    return watched(certificate, policy=deed.policy, calendar=deed.calendar, today=deed.today)


async def obtained(deed: Deed, certificate: TitleCertificate) -> TitleCertificate:
    """What follows from having obtained a paper: its deadlines run, and a new right secures.

    An owner's paper that comes after the release waits for him at once (CUS-26).
    """
    covered = await deed.decision.find(Collateral, collaterals_query(certificate))
    certificate = await converted(deed, certificate, covered)
    if certificate.cert_type in PRE_NOTICES:
        known = [c.convertible_from for c in covered if c.convertible_from is not None]
        if known:
            certificate = convertible(
                certificate, min(known), policy=deed.policy, calendar=deed.calendar
            )
    elif certificate.catalog is Catalog.RIGHT_CERT:
        for collateral in covered:
            if collateral.right_lapsed_on is not None:
                deed.decision.save(replace(collateral, right_lapsed_on=None))
    waiting = unclaimed_from(certificate, covered, today=deed.today)
    return deed.decision.save(looked_after(deed, waiting))
