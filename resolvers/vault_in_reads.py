"""What a vault-in looks at, asked together: each round needs the answers of the one before."""

from collections.abc import Sequence

from domain.certificates import TitleCertificate
from domain.deregistration import DeregistrationCase
from domain.dossiers import Dossier
from domain.dual_control import Proposal
from domain.files import ArchiveFile, FileStatus, FileVersion
from domain.guarantees import GuaranteeContract
from domain.loans import Loan
from domain.people import User
from domain.receipts import MAX_DOSSIERS
from domain.vaulting import VaultInPlan
from domain.vaults import SealedPacket, Slot, Vault
from resolvers.deed import Deed, person_query, several_query
from resolvers.receipts import dossiers_query
from resolvers.scans import Look, contents_query, look_at_scans, scans_query
from resolvers.seals import seal_asked
from resolvers.secured import contracts_query, loan_nos_of, loans_query
from resolvers.vault_work import open_cases_query, slot_query, vault_query
from storage.decisions import asked
from storage.records import Record

MAX_LOANS = 50  # loans asked for ahead; more may not fit into one message


async def look_ahead(deed: Deed, plan: VaultInPlan, *, proposal_id: str | None) -> None:
    """Reads what the plan itself leads to. proposal_id: of the one that is being confirmed."""
    ids = plan.certificate_ids
    wanted = [
        asked(TitleCertificate, several_query(ids), within=deed.reach),
        asked(ArchiveFile, scans_query(ids)),
        asked(Vault, vault_query(plan.vault), limit=1),
        asked(Slot, slot_query(plan.vault, plan.cabinet, plan.slot), limit=1),
        asked(SealedPacket, packet_query(plan.packet_no), limit=1),
        seal_asked(plan.seal_no),
    ]
    if proposal_id is not None:
        wanted.append(asked(Proposal, {"_id": proposal_id}, within=deed.reach, limit=1))
        wanted.append(asked(ArchiveFile, accepted_query(ids)))
        wanted.append(asked(DeregistrationCase, open_cases_query(ids)))
    await deed.decision.ahead(*wanted)


async def look_behind(
    deed: Deed, papers: Sequence[TitleCertificate], *, proposal: Proposal | None
) -> list[Look]:
    """Reads what the papers lead to: contracts and scans, then loans and dossiers.

    Gives the scans; where a proposal is confirmed, their stored bytes are being read meanwhile.
    """
    ids = [paper.id for paper in papers]
    files = await deed.decision.find(ArchiveFile, scans_query(ids))
    wanted = [
        asked(FileVersion, contents_query(files)),
        asked(GuaranteeContract, contracts_query(papers)),
    ]
    if proposal is not None:
        wanted.append(asked(User, person_query(proposal.proposer.login), limit=1))
    await deed.decision.ahead(*wanted)
    looks = await look_at_scans(deed, papers, stored=proposal is not None)
    loan_nos = await loan_nos_of(deed.decision, papers)
    wanted = [asked(Loan, loans_query(loan_nos))] if 0 < len(loan_nos) <= MAX_LOANS else []
    if proposal is not None:
        wanted.append(asked(Dossier, dossiers_query(loan_nos), limit=MAX_DOSSIERS))
    await deed.decision.ahead(*wanted)
    if proposal is not None:  # so that each is known by its id
        await deed.decision.find(Dossier, dossiers_query(loan_nos), limit=MAX_DOSSIERS)
    return looks


def accepted_query(certificate_ids: Sequence[str]) -> Record:
    """Which accepted files belong to these certificates."""
    ids = sorted(certificate_ids)
    return {"certificate_id": {"$in": ids}, "status": FileStatus.ACCEPTED.value}


def packet_query(packet_no: str) -> Record:
    """Which packet has that number."""
    return {"packet_no": packet_no}
