"""The mutation that drops the expectation of a certificate which never came (应取权证作废)."""

from typing import Any

from domain.certificates import CustodyState, LegalState, TitleCertificate
from domain.custody import Movement
from domain.expectations import voiding_refusals
from domain.refusals import refuse_if
from domain.roles import Operation
from resolvers.counties import county_papers
from resolvers.deed import Deed
from resolvers.mutation import mutation
from schema.custody import CertificatePayload, CertificateVoidExpectedInput


@mutation(
    Operation.PROCESS_CERTIFICATE,
    CertificatePayload,
    description="Expect a certificate no more that was never received (作废, INV-10).",
)
async def certificate_void_expected(
    deed: Deed, input: CertificateVoidExpectedInput
) -> dict[str, Any]:
    """INV-10: nothing is deleted; the record stays as void, with its reason in the ledger."""
    certificate = await deed.subject(TitleCertificate, input.certificate_id)
    await county_papers(deed, [certificate])
    refuse_if(voiding_refusals(certificate, input.reason))
    return {"certificate": dropped(deed, certificate, reason=input.reason.strip())}


def dropped(deed: Deed, certificate: TitleCertificate, *, reason: str) -> TitleCertificate:
    """A certificate that is expected no more."""
    return deed.move(
        certificate,
        Movement.VOID_EXPECTED,
        CustodyState.NOT_RECEIVED,
        reason=reason,
        legal_state=LegalState.VOID,
        next_look_on=None,
    )
