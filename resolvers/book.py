"""How the book (表外账) is asked for an entry where a paper enters or leaves a vault (CUS-21)."""

from domain.book import EntryKind, Posting, booked, due_entries, entry
from domain.certificates import TitleCertificate
from domain.custody import CustodyEvent
from storage.decisions import Decision
from storage.records import new_id


def entered(
    decision: Decision, certificate: TitleCertificate, event: CustodyEvent
) -> TitleCertificate:
    """The moved certificate, with the entries that its event asks for. It has still to be saved."""
    for kind, vault in due_entries(certificate, event):
        posting = entry(certificate, event, kind, vault, id=new_id(Posting))
        certificate = booked(certificate, decision.add(posting))
    return certificate


def proceeds_entered(decision: Decision, certificate: TitleCertificate, amount: int) -> None:
    """Asks for the entry of a redemption's proceeds, beside the one of the paper (X26).

    amount: in fen.
    """
    redeemed = [one for one in decision.changed if isinstance(one, CustodyEvent)][-1]
    assert redeemed.vault is not None
    posting = entry(
        certificate,
        redeemed,
        EntryKind.PROCEEDS,
        redeemed.vault,
        id=new_id(Posting),
        amount=amount,
    )
    decision.add(posting)
