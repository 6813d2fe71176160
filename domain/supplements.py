"""What may still be added to a closed dossier (补充归档): on approval, one document at a time.

Source: domain 4.8, ARC-25.
"""

from collections.abc import Iterator, Sequence

from domain.dossiers import MAX_SUPPLEMENTS, DocType, Dossier, DossierStatus, open_supplement
from domain.files import GENERATED
from domain.orgs import TIER2_AND_ABOVE, OrgLevel
from domain.people import RoleGrant
from domain.refusals import Refusal, RefusalCode, invalid, state_conflict


def supplement_refusals(
    dossier: Dossier, doc_type: DocType, *, reason: str, grants: Sequence[RoleGrant]
) -> Iterator[Refusal | None]:
    """Every rule that an approval breaks. grants: what lets the approver approve there."""
    if not any(grant.org_level in TIER2_AND_ABOVE for grant in grants):
        yield Refusal(
            code=RefusalCode.APPROVAL_LEVEL,
            rule_id="ARC-25",
            detail={"required": f"APPROVER at {OrgLevel.TIER2_BRANCH}"},
        )
    if dossier.status is not DossierStatus.CLOSED:
        yield state_conflict(
            "ARC-25",
            subject=f"Dossier {dossier.dossier_no}",
            state=dossier.status,
            event="APPROVE_SUPPLEMENT",
        )
    if doc_type in GENERATED:
        yield invalid("docType", "this document is made here, not uploaded", rule_id="ARC-29")
    if not reason.strip():
        yield invalid("reason", "say why something is added", rule_id="ARC-25")
    if open_supplement(dossier, doc_type) is not None:
        yield invalid("docType", "an approval of this waits for its file", rule_id="ARC-25")
    if len(dossier.supplements) >= MAX_SUPPLEMENTS:
        yield invalid("dossierId", f"a dossier has {MAX_SUPPLEMENTS} at most", rule_id="ARC-25")


def self_approved(dossier: Dossier, doc_type: DocType, *, uploader: str) -> Refusal | None:
    """Whoever approved a supplement does not bring it."""
    supplement = open_supplement(dossier, doc_type)
    if supplement is None or supplement.approved_by != uploader:
        return None
    return Refusal(code=RefusalCode.SELF_APPROVAL, rule_id="ARC-25")
