"""The hold of a release on the papers of its collateral (在途, DRG-R03)."""

from collections.abc import Iterable
from dataclasses import replace

from domain.certificates import CustodyState, Lock, LockKind, TitleCertificate
from domain.deregistration import DeregistrationCase
from storage.decisions import Decision

LOCKABLE = frozenset({CustodyState.IN_VAULT, CustodyState.ELECTRONIC_ON_FILE})


def lock_papers(
    decision: Decision, case: DeregistrationCase, certificates: Iterable[TitleCertificate]
) -> None:
    """Holds every certificate that is in hand and free for this case (DRG-R03)."""
    for certificate in certificates:
        if certificate.lock is None and certificate.custody_state in LOCKABLE:
            lock = Lock(kind=LockKind.DEREGISTRATION, id=case.id)
            decision.save(replace(certificate, lock=lock))
