"""Papers into the vault (入库, X06): proposed by one keeper, confirmed by another."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from domain.backdating import unapproved
from domain.certificates import CustodyState, TitleCertificate, VaultPlace
from domain.custody import Movement
from domain.dossiers import Dossier, ItemStatus, with_item
from domain.dual_control import (
    Proposal,
    confirmation_refusals,
)
from domain.files import ArchiveFile
from domain.processing import SCAN_ITEM
from domain.refusals import Refused, invalid, refuse_if
from domain.roles import Operation
from domain.vaulting import (
    Scan,
    VaultInFacts,
    VaultInPlan,
    contract_of,
    evidence_of,
    vault_in_refusals,
)
from domain.vaults import (
    PacketStatus,
    SealedPacket,
    SealUse,
    occupied,
    resealed,
)
from resolvers.backdating import agreed, misdated
from resolvers.deed import Deed
from resolvers.mutation import mutation
from resolvers.proposals import compared, confirmed, proposed
from resolvers.receipts import give_receipts
from resolvers.reminders import looked_after
from resolvers.scans import scans_looked_at
from resolvers.seals import seal_is_known, use_seal
from resolvers.vault_in_reads import accepted_query, look_ahead, look_behind, packet_query
from resolvers.vault_work import (
    both_keepers,
    case_locks,
    conflicts,
    hold_for,
    keeper_of,
    parts_of,
    read_papers,
    slot_at,
)
from schema.custody import (
    PacketPayload,
    ProposalPayload,
    VaultInConfirmInput,
    VaultInInput,
)
from storage.records import new_id


@mutation(
    Operation.MOVE_VAULT,
    ProposalPayload,
    description="Propose to put papers into the vault; first keeper (入库提议, X06).",
)
async def certificate_vault_in_propose(deed: Deed, input: VaultInInput) -> dict[str, Any]:
    """X06, first half: nothing moves, the slot is kept free."""
    plan = _plan(input)
    await look_ahead(deed, plan, proposal_id=None)
    await deed.subjects(TitleCertificate, plan.certificate_ids)
    facts, parts = await _vault_in(deed, plan, proposal=None)
    proposal_id = new_id(Proposal)
    refuse_if(
        [
            *vault_in_refusals(plan, facts, proposal_id=proposal_id, now=deed.now),
            *conflicts(deed, parts),
            *await misdated(deed, plan.business_date, facts.certificates, facts.vault),
        ]
    )
    proposal = proposed(
        deed,
        Movement.VAULT_IN,
        plan.payload(),
        plan.certificate_ids,
        facts.vault,
        id=proposal_id,
        slot_id=facts.slot.id,
        business_date=plan.business_date,
    )
    hold_for(deed, proposal, facts.certificates, facts.slot)
    return {"proposal": proposal}


@mutation(
    Operation.MOVE_VAULT,
    PacketPayload,
    description="Confirm a vault-in; second keeper, same content (入库复核, X06).",
)
async def certificate_vault_in_confirm(deed: Deed, input: VaultInConfirmInput) -> dict[str, Any]:
    """X06, second half: every guard is asked again, the stored scans are read again."""
    plan = _plan(input.vault_in)
    await look_ahead(deed, plan, proposal_id=input.proposal_id)
    proposal = await deed.subject(Proposal, input.proposal_id)
    reading = _vault_in(deed, plan, proposal=proposal)
    facts, parts = await compared(deed, proposal, plan.payload(), reading)
    refuse_if(
        [
            *confirmation_refusals(
                proposal, payload=plan.payload(), checker=deed.actor.login, now=deed.now
            ),
            *conflicts(deed, parts),
            *vault_in_refusals(plan, facts, proposal_id=proposal.id, now=deed.now),
            *await misdated(deed, plan.business_date, facts.certificates, facts.vault),
            unapproved(proposal, today=deed.today, checker=deed.actor.login),
        ]
    )
    keepers = await both_keepers(deed, proposal)
    packet = _filled(plan, facts, tuple(keeper.login for keeper in keepers), deed)
    place = VaultPlace(
        vault=plan.vault, cabinet=plan.cabinet, slot=plan.slot, packet_no=plan.packet_no
    )
    files = await deed.decision.find(ArchiveFile, accepted_query(plan.certificate_ids))
    locks = await case_locks(deed.decision, facts.certificates)
    for certificate in facts.certificates:
        inside = deed.move(
            certificate,
            Movement.VAULT_IN,
            CustodyState.IN_VAULT,
            operators=agreed(keepers, proposal),
            on=plan.business_date,
            request_ref=proposal.id,
            seal_no=plan.seal_no,
            evidence=evidence_of(facts.scans.get(certificate.id, ()), certificate),
            place=place,
            givers=(),
            vaulted_on=certificate.vaulted_on or plan.business_date or deed.today,
            holder=None,
            lock=locks.get(certificate.id),
        )
        deed.decision.save(looked_after(deed, inside))
        await _mark_item(deed, certificate, facts.scans.get(certificate.id, ()), files)
    use_seal(deed, plan.seal_no, plan.packet_no)
    deed.decision.save(occupied(facts.slot, plan.packet_no))
    confirmed(deed, proposal)
    await give_receipts(deed)
    return {"packet": packet}


def _plan(input: VaultInInput) -> VaultInPlan:
    return VaultInPlan(
        certificate_ids=tuple(input.certificate_ids),
        vault=input.vault,
        cabinet=input.cabinet,
        slot=input.slot,
        packet_no=input.packet_no.strip(),
        seal_no=input.seal_no.strip(),
        business_date=input.business_date,
    )


async def _vault_in(
    deed: Deed, plan: VaultInPlan, *, proposal: Proposal | None
) -> tuple[VaultInFacts, dict[str, str]]:
    """The facts of a vault-in, and who has another part in it."""
    vault = await keeper_of(deed, plan.vault)
    named = (("certificateIds", plan.certificate_ids), ("packetNo", plan.packet_no))
    refuse_if(
        invalid(name, "must not be empty", rule_id="X06")
        for name, value in (*named, ("sealNo", plan.seal_no))
        if not value
    )
    certificates = await read_papers(deed, plan.certificate_ids)
    for certificate in certificates:
        _at_desk(certificate, vault.code)
    looks = await look_behind(deed, certificates, proposal=proposal)
    parts = await parts_of(deed, certificates)
    facts = VaultInFacts(
        certificates=certificates,
        vault=vault,
        slot=await slot_at(deed, plan.vault, plan.cabinet, plan.slot),
        packet=await deed.decision.first(SealedPacket, packet_query(plan.packet_no)),
        seal_known=await seal_is_known(deed, plan.seal_no),
        scans=await scans_looked_at(looks),
    )
    return facts, parts


def _at_desk(certificate: TitleCertificate, vault: str) -> None:
    waiting = certificate.custody_state is CustodyState.RECEIVED_PENDING_VAULT
    desk = certificate.holder.desk if certificate.holder else None
    if waiting and desk not in {None, vault}:
        raise Refused(
            invalid("vault", f"{certificate.label} waits at the desk of {desk}", rule_id="X06")
        )


def _filled(
    plan: VaultInPlan, facts: VaultInFacts, keepers: tuple[str, ...], deed: Deed
) -> SealedPacket:
    """The packet with the papers inside, under the new seal."""
    if facts.packet is None:
        return deed.decision.add(
            SealedPacket(
                id=new_id(SealedPacket),
                packet_no=plan.packet_no,
                guarantee_contract_no=contract_of(facts.certificates[0]),
                seal_no=plan.seal_no,
                seal_history=(SealUse(seal_no=plan.seal_no, sealed_at=deed.now),),
                vault=plan.vault,
                cabinet=plan.cabinet,
                slot=plan.slot,
                certificate_ids=plan.certificate_ids,
                org_code=facts.vault.org_code,
                org_path=facts.vault.org_path,
            )
        )
    opened = resealed(
        facts.packet,
        contents=(*facts.packet.certificate_ids, *plan.certificate_ids),
        seal_no=plan.seal_no,
        keepers=keepers,
        reason="VAULT_IN",
        now=deed.now,
    )
    return deed.decision.save(
        replace(
            opened,
            vault=plan.vault,
            cabinet=plan.cabinet,
            slot=plan.slot,
            status=PacketStatus.SEALED,
            org_code=facts.vault.org_code,
            org_path=facts.vault.org_path,
        )
    )


async def _mark_item(
    deed: Deed,
    certificate: TitleCertificate,
    scans: Sequence[Scan],
    files: Sequence[ArchiveFile],
) -> None:
    """The dossier's line for the certificate's scan is filed with the vault-in (X06)."""
    code = SCAN_ITEM.get(certificate.cert_type)
    if code is None or not scans:
        return
    mine = {file.dossier_id for file in files if file.certificate_id == certificate.id}
    for dossier_id in sorted(mine):
        dossier = await deed.decision.get(Dossier, dossier_id)
        item = dossier.item(code)
        if item is not None and item.status is not ItemStatus.ACCEPTED:
            deed.decision.save(
                with_item(
                    dossier,
                    code,
                    status=ItemStatus.ACCEPTED,
                    current_version_id=scans[0].file_version_id,
                    accepted_at=deed.now,
                    accepted_by=deed.actor.login,
                )
            )
