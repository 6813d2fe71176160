"""Legal holds on papers (法律冻结), as every mutation that takes them away asks for them."""

from collections.abc import Sequence

from domain.certificates import TitleCertificate
from domain.collaterals import Collateral
from domain.watch import HoldScope, LegalHold
from storage.decisions import Decision


async def holds_on(decision: Decision, certificates: Sequence[TitleCertificate]) -> list[LegalHold]:
    """Open holds on these papers or the collateral they cover (CUS-24).

    A hold on a dossier or a customer keeps files, not papers, as in P05. The collateral is read
    to fence it: a hold placed on it meanwhile makes the decision run again.
    """
    papers = [c.id for c in certificates] + [c.cert_no for c in certificates if c.cert_no]
    numbers = sorted({no for c in certificates for no in c.collateral_nos})
    await decision.find(Collateral, {"no": {"$in": numbers}})
    return await decision.find(
        LegalHold,
        {
            "released_at": None,
            "$or": [
                {"scope": HoldScope.COLLATERAL.value, "target": {"$in": numbers}},
                {"scope": HoldScope.CERTIFICATE.value, "target": {"$in": papers}},
            ],
        },
    )
