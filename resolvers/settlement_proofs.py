"""Settlement proofs (贷款结清证明): given, voided, and asked about by their number."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError

from domain.deregistration import OPEN_STATES, DeregistrationCase
from domain.dossiers import DocType, Dossier, ItemStatus, with_item
from domain.files import ArchiveFile, FileVersion
from domain.loans import Loan, is_extinguished
from domain.orgs import Org
from domain.processing import out_of_scope
from domain.refusals import refuse_if
from domain.release_notices import served
from domain.release_question import ReleaseFacts
from domain.roles import SYSTEM, Operation
from domain.settlement_proofs import (
    MAX_NO_LENGTH,
    SettlementProof,
    no_place,
    proof_of,
    proven_already,
    reopened,
    resting_on,
    standing,
    unproven,
    voided,
    voided_file,
    voided_version,
)
from papers.settlement_proofs import settlement_proof_pdf
from resolvers.context import Info
from resolvers.deed import Deed
from resolvers.drawn_papers import DrawnPaper, file_paper
from resolvers.mutation import mutation
from schema.settlement_proofs import (
    ProofAnswer,
    SettlementProofIssueInput,
    SettlementProofPayload,
)
from storage.decisions import Decision
from storage.records import new_id

MAX_PROOFS = 50  # drawn in one decision; further loans of a facility ask for theirs one by one
Save = Callable[[Any], Any]


@dataclass(frozen=True, kw_only=True)
class ProofPapers:
    """Where a proof stands besides its record."""

    file: ArchiveFile | None
    version: FileVersion | None
    dossier: Dossier | None


@mutation(
    Operation.SUBMIT_CASE,
    SettlementProofPayload,
    description="Give the proof that a loan is settled, outside a case (开具结清证明); one valid"
    " proof a loan.",
)
async def settlement_proof_issue(deed: Deed, input: SettlementProofIssueInput) -> dict[str, Any]:
    """Refused while anything is owed or the settlement could be reversed (4.4, P01, P12)."""
    loan = await deed.subject(Loan, input.loan_id)
    dossier = await deed.decision.first(Dossier, {"loan_no": loan.loan_no})
    refuse_if(
        [
            *out_of_scope([loan]),
            *unproven(loan, policy=deed.policy, calendar=deed.calendar, today=deed.today),
            proven_already(next(iter(await standing_of(deed.decision, [loan.loan_no])), None)),
            no_place(loan, dossier),
        ]
    )
    assert dossier is not None
    proof = await _give(deed, loan, dossier, case_id=None)
    releasing = {"loan_nos": loan.loan_no, "state": {"$in": sorted(OPEN_STATES)}}
    for case in await deed.decision.find(DeregistrationCase, releasing):
        deed.decision.save(resting_on(case, [proof]))
    return {"proof": proof}


@strawberry.type
class ProofQueries:
    """What is this number worth?"""

    @strawberry.field(
        description="What a settlement proof's number is worth (结清证明查询), whatever branch gave"
        " it; the proof itself is told within your reach alone."
    )
    async def settlement_proof(
        self,
        info: Info,
        no: Annotated[str, strawberry.argument(description="As printed, or as scanned.")],
    ) -> ProofAnswer:
        """Whoever is shown a proof can ask: a number that nobody guesses tells nothing more."""
        context = info.context
        if not context.actor.paths(Operation.READ):
            raise GraphQLError("Your role reads nothing.", extensions={"code": "FORBIDDEN"})
        wanted = no.strip().upper()
        asked = {"no": wanted} if len(wanted) <= MAX_NO_LENGTH else {"_id": None}
        found = await context.reader.find("settlement_proofs", asked, limit=1, unscoped=True)
        proof = found[0] if found else {}  # a record as the viewer may see it
        return {  # type: ignore[return-value]
            "no": wanted[:MAX_NO_LENGTH],
            "standing": standing(known=bool(found), voided_at=proof.get("voided_at")),
            "issued_on": proof.get("issued_on"),
            "voided_at": proof.get("voided_at"),
            "sha256": proof.get("sha256") or None,
            "proof": await context.reader.one("settlement_proofs", asked) if found else None,
        }


async def issue_proofs(
    deed: Deed, case: DeregistrationCase, facts: ReleaseFacts
) -> DeregistrationCase:
    """A proof for each loan of a case that is settled for good; one that stands is taken (4.4)."""
    resting, given = [], 0
    secured = {no: facts.loans[no] for no in case.loan_nos if no in facts.loans}
    these = {"loan_no": {"$in": list(secured)}}
    proofs = {proof.loan_no: proof for proof in await standing_of(deed.decision, list(secured))}
    dossiers = {one.loan_no: one for one in await deed.decision.find(Dossier, these)}
    for loan_no, loan in secured.items():
        proof, dossier = proofs.get(loan_no), dossiers.get(loan_no)
        if proof is None and given < MAX_PROOFS:
            open_ones = [
                *unproven(loan, policy=deed.policy, calendar=deed.calendar, today=deed.today),
                no_place(loan, dossier),
            ]
            if dossier is not None and not any(open_ones):
                proof = await _give(deed, loan, dossier, case_id=case.id)
                given += 1
        if proof is not None:
            resting.append(proof)
    return resting_on(case, resting)


async def standing_of(decision: Decision, loan_nos: Sequence[str]) -> list[SettlementProof]:
    """The proofs that stand for these loans."""
    query = {"loan_no": {"$in": list(loan_nos)}, "voided_at": None}
    return [one for one in await decision.find(SettlementProof, query) if one.voided_at is None]


async def void_proofs(
    decision: Decision, case: DeregistrationCase, *, reason: str, now: datetime
) -> None:
    """Voids the proofs of a case's loans that owe again; their numbers are blacklisted (4.9)."""
    numbers = list(case.loan_nos)
    owing = [
        loan.loan_no
        for loan in await decision.find(Loan, {"loan_no": {"$in": numbers}})
        if not is_extinguished(loan)
    ]
    for proof in await standing_of(decision, owing) if owing else ():
        papers = await _papers(decision, proof)
        keep_void(decision.save, proof, papers, reason=reason, now=now)


def keep_void(
    save: Save, proof: SettlementProof, papers: ProofPapers, *, reason: str, now: datetime
) -> None:
    """Voids a proof everywhere at once: its record, its file, its line of the checklist."""
    proof = save(voided(proof, reason=reason, now=now))
    if papers.file is not None:
        save(voided_file(papers.file, proof))
    if papers.version is not None:
        save(voided_version(papers.version, proof))
    dossier = papers.dossier
    if dossier is not None and dossier.item(DocType.SETTLEMENT_PROOF) is not None:
        save(reopened(dossier, proof))


async def _give(
    deed: Deed, loan: Loan, dossier: Dossier, *, case_id: str | None
) -> SettlementProof:
    """Draws the proof, files it, marks its line of the checklist; who asked for it is served."""
    org = await deed.decision.first(Org, {"code": loan.org_code})
    proof = proof_of(
        loan,
        id=new_id(SettlementProof),
        case_id=case_id,
        org_name=loan.org_code if org is None else org.name,
        by=deed.actor.login,
        now=deed.now,
        today=deed.today,
    )
    content, pages = settlement_proof_pdf(proof)
    paper = DrawnPaper(
        doc_type=DocType.SETTLEMENT_PROOF,
        title=proof.no,
        content=content,
        pages=pages,
        case_id=case_id,
    )
    (version,) = await file_paper(deed, paper, [dossier])
    if dossier.item(DocType.SETTLEMENT_PROOF) is not None:
        accepted = {
            "status": ItemStatus.ACCEPTED,
            "current_version_id": version.id,
            "accepted_at": deed.now,
            "accepted_by": SYSTEM,
            "reason": proof.no,
        }
        deed.decision.save(with_item(dossier, DocType.SETTLEMENT_PROOF, **accepted))
    if loan.proof_due is not None:
        deed.decision.save(served(loan))
    return deed.decision.add(
        replace(proof, file_id=version.file_id, sha256=version.sha256, size=version.size)
    )


async def _papers(decision: Decision, proof: SettlementProof) -> ProofPapers:
    file = None
    if proof.file_id is not None:
        file = await decision.get(ArchiveFile, proof.file_id)
    version = None
    if file is not None and file.current_version_id is not None:
        version = await decision.get(FileVersion, file.current_version_id)
    dossier = await decision.first(Dossier, {"loan_no": proof.loan_no})
    return ProofPapers(file=file, version=version, dossier=dossier)
