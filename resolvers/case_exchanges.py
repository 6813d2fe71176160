"""Mutations that exchange a certificate of which only a part was released (换证, DRG-L08, X13)."""

from dataclasses import replace
from typing import Any

from domain.certificates import CustodyState, LegalState, TitleCertificate
from domain.checkout_returns import priority_carried
from domain.collaterals import Collateral
from domain.custody import Evidence, Movement
from domain.deregistration import DeregistrationCase, ExchangeOffer
from domain.dual_control import conflicting_part
from domain.files import ArchiveFile, FileVersion
from domain.guarantees import GuaranteeContract
from domain.partial_exchange import (
    brought_refusals,
    proof_refusals,
    remainder_refusals,
    still_securing,
    what_stays,
)
from domain.processing import PaperFacts, collection_refusals
from domain.refusals import Forbidden, Refused, invalid, refuse_if
from domain.roles import Operation
from domain.vaults import Vault
from resolvers.case_papers import others_returned
from resolvers.case_work import case_of
from resolvers.deed import Deed
from resolvers.exchanged import Brought, received_instead
from resolvers.mutation import mutation
from resolvers.papers import duplicate_of, paper_facts, printed
from resolvers.releasing import at, returned_when_empty
from resolvers.secured import collaterals_query
from resolvers.suspensions import take_place
from resolvers.vault_work import keeper_of
from schema.cases import (
    CaseExchangePayload,
    DeregistrationCaseOfferExchangeInput,
    DeregistrationCasePayload,
    DeregistrationCaseReceiveExchangedInput,
)
from storage.records import new_id


@mutation(
    Operation.FILE_WITH_REGISTRY,
    DeregistrationCasePayload,
    description="Bring the certificate that takes the place of a partly released one (换证提交).",
)
async def deregistration_case_offer_exchange(
    deed: Deed, input: DeregistrationCaseOfferExchangeInput
) -> dict[str, Any]:
    """The handler's half: he answers for both papers until a keeper has taken the new one."""
    case = await case_of(deed, input.case_id)
    if deed.actor.login != case.handler:
        raise Forbidden("Only the handler of the case may do this.")
    old = await deed.get(TitleCertificate, input.certificate_id)
    version = await deed.get(FileVersion, input.evidence_file_version_id)
    vault = await deed.decision.first(Vault, {"code": input.desk})
    refuse_if(
        [
            None if vault else invalid("desk", f"there is no vault {input.desk}", rule_id="X13"),
            *brought_refusals(case, old),
            *proof_refusals(
                case,
                await deed.decision.get(ArchiveFile, version.file_id),
                version,
                field="evidenceFileVersionId",
            ),
        ]
    )
    offer = ExchangeOffer(
        certificate_id=old.id,
        desk=input.desk,
        evidence=Evidence(file_version_id=version.id, sha256=version.sha256),
        by=deed.actor.login,
        at=deed.now,
    )
    return {"case": deed.decision.save(replace(case, exchange=offer))}


@mutation(
    Operation.MOVE_VAULT,
    CaseExchangePayload,
    description="Receive the new certificate; the partly released one ends replaced (签收换证).",
)
async def deregistration_case_receive_exchanged(
    deed: Deed, input: DeregistrationCaseReceiveExchangedInput
) -> dict[str, Any]:
    """The keeper's half: the new one covers what stays, and keeps the rank (X13, CUS-16)."""
    vault = await keeper_of(deed, input.vault)
    case = deed.as_expected(await deed.get(DeregistrationCase, input.case_id))
    offer = case.exchange
    if offer is None or offer.desk != vault.code:
        raise Refused(invalid("vault", "nothing was brought to this desk", rule_id="X13"))
    old = await deed.decision.get(TitleCertificate, offer.certificate_id)
    new = await _remainder(deed, old, input)
    paper = paper_facts(input.paper)
    refuse_if(
        [
            *brought_refusals(case, old),
            conflicting_part(deed.actor.login, case.parts()),
            *remainder_refusals(old, new_type=input.cert_type, new_no=paper.cert_no),
            *collection_refusals(
                new,
                paper,
                duplicate=await duplicate_of(deed, new, paper),
                movement=Movement.COLLECT,
                today=deed.today,
            ),
        ]
    )
    received = await _received(deed, offer, old, new, paper)
    await take_place(deed, old, received)
    replaced = deed.move(
        old,
        Movement.RETURN_EXCHANGED,
        CustodyState.REPLACED,
        request_ref=case.id,
        evidence=[offer.evidence],
        reason="PARTIAL_RELEASE",
        legal_state=LegalState.SUPERSEDED,
        superseded_by=new.id,
        holder=None,
        lock=None,
    )
    await others_returned(deed, case, [old])
    case = await returned_when_empty(deed.decision, replace(case, exchange=None), at(deed))
    return {"case": deed.decision.save(case), "certificate": received, "replaced": replaced}


async def _remainder(
    deed: Deed,
    old: TitleCertificate,
    input: DeregistrationCaseReceiveExchangedInput,
) -> TitleCertificate:
    """The new certificate before anything is printed on it: it covers what stays alone."""
    covered = await deed.decision.find(Collateral, collaterals_query(old))
    named = {"no": {"$in": list(old.guarantee_contract_nos)}}
    contracts = await deed.decision.find(GuaranteeContract, named)
    stays = what_stays(old, covered)
    return TitleCertificate(
        id=new_id(TitleCertificate),
        catalog=old.catalog,
        cert_type=input.cert_type,
        carrier=old.carrier,
        collateral_nos=stays,
        guarantee_contract_nos=still_securing(contracts, stays),
        org_code=old.org_code,
        org_path=old.org_path,
    )


async def _received(
    deed: Deed,
    offer: ExchangeOffer,
    old: TitleCertificate,
    new: TitleCertificate,
    paper: PaperFacts,
) -> TitleCertificate:
    return await received_instead(
        deed,
        old,
        new,
        Brought(
            paper=paper,
            request_ref=old.lock.id if old.lock is not None else None,
            evidence=[offer.evidence],
            priority_date=priority_carried(old, printed(deed, new, paper)["priority_date"]),
            desk=offer.desk,
            by=offer.by,
        ),
    )
