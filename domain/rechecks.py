"""Rechecking what was taken into the archive (质检): an accepted file may yet be rejected.

Source: ARC-15, ARC-25; §9 separation of duties.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from domain.dossiers import Acceptance, Dossier, DossierItem, ItemStatus
from domain.files import ADDABLE, FileSource, FileStatus, FileVersion, decision_refusals, shut
from domain.refusals import Refusal, RefusalCode, state_conflict

MAX_ACCEPTANCES = 100  # earlier ones that a checklist line remembers


def rejection_refusals(
    version: FileVersion, dossier: Dossier, *, checker: str
) -> Iterator[Refusal | None]:
    """Who may reject a version: a waiting one like who accepts; an accepted one, a third person.

    What the server drew is voided, never rejected; a closed dossier changes no more.
    """
    if version.status is not FileStatus.ACCEPTED:
        yield from decision_refusals(version, checker=checker)
        return
    if version.source is FileSource.GENERATED:
        yield state_conflict(
            "ARC-29", subject=f"Version {version.id}", state=version.source, event="REJECT"
        )
    if dossier.status not in ADDABLE:
        yield shut(dossier)
    part = {version.decided_by: "accepter", version.uploaded_by: "uploader"}.get(checker)
    if part is not None:
        yield Refusal(
            code=RefusalCode.SOD_VIOLATION,
            rule_id="ARC-15",
            detail={"person": checker, "part": part},
        )


def reopened(dossier: Dossier, version_id: str, *, reason: str, now: datetime) -> Dossier:
    """The dossier once a version that stood for its lines was rejected: they are open again.

    From when to when each was accepted is kept; what was so on an earlier day stays so.
    """
    return replace(
        dossier,
        items=tuple(
            _open_again(item, reason, now)
            if item.current_version_id == version_id
            and item.status is ItemStatus.ACCEPTED
            and not item.locked
            else item
            for item in dossier.items
        ),
    )


def _open_again(item: DossierItem, reason: str, now: datetime) -> DossierItem:
    assert item.accepted_at is not None  # it is accepted
    ended = Acceptance(at=item.accepted_at, by=item.accepted_by, until=now)
    return replace(
        item,
        status=ItemStatus.REJECTED,
        accepted_at=None,
        accepted_by=None,
        reason=reason,
        earlier=(*item.earlier, ended)[-MAX_ACCEPTANCES:],
    )
