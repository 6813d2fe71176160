"""Receipts (回单) as documents: drawn from a receipt's facts alone, the same bytes every time."""

from collections.abc import Iterator
from functools import partial

from domain.calendar import SHANGHAI
from domain.receipts import Receipt, ReceiptItem, ReceiptKind
from domain.roles import Role
from papers.lines import SMALL, TITLE, Line, drawn, fact, fitted, several, signatures
from schema.enums import chinese

ENGLISH = {
    ReceiptKind.VAULT_IN: "Vault-in receipt",
    ReceiptKind.VAULT_OUT: "Vault-out receipt",
    ReceiptKind.HANDOVER: "Handover receipt",
    ReceiptKind.OWNER_RETURN: "Receipt of return to the owner",
    ReceiptKind.SAFEKEEPING: "Receipt of an owner's paper taken into safekeeping",
}
SIGNERS = {
    ReceiptKind.VAULT_IN: ("库管员 Keeper", "库管员 Keeper"),
    ReceiptKind.VAULT_OUT: ("库管员 Keeper", "领用人 Taken by"),
    ReceiptKind.HANDOVER: ("移交人 Given by", "接收人 Received by"),
    ReceiptKind.OWNER_RETURN: ("经办人 Handled by", "权利人 Owner"),
    ReceiptKind.SAFEKEEPING: ("经办人 Received by", "权利人 Owner"),
}
_COUNTERPARTS = {
    ReceiptKind.HANDOVER: "移交人 Given by",
    ReceiptKind.VAULT_OUT: "领用人 Taken by",
}


def receipt_pdf(receipt: Receipt) -> tuple[bytes, int]:
    """The document of a receipt, and how many pages it has."""
    who = [f"{signer}　签字、日期 Signature, date" for signer in SIGNERS[receipt.kind]]
    return drawn(receipt.no, _blocks(receipt), end=partial(signatures, who=who))


def _blocks(receipt: Receipt) -> Iterator[list[Line]]:
    """What is on it, in blocks that no end of a page divides."""
    yield list(_head(receipt))
    for number, item in enumerate(receipt.items, start=1):
        yield list(_paper(number, item))
    source = "本回单由系统依据保管流水生成。　Drawn by the system from the custody ledger."
    yield [Line(text=source, size=SMALL, above=8.0)]


def _head(receipt: Receipt) -> Iterator[Line]:
    yield Line(text=f"{chinese(receipt.kind)}　{ENGLISH[receipt.kind]}", size=TITLE)
    yield from fact("编号 No.", receipt.no, above=4.0)
    moment = receipt.issued_at.astimezone(SHANGHAI)
    yield from fact("时间 Time", f"{moment:%Y-%m-%d %H:%M:%S} (Asia/Shanghai)")
    for operator in receipt.operators:
        role = f"{chinese(Role(operator.role))}, {operator.org_code}"
        yield from fact("经办 By", f"{operator.login} ({role})")
    if receipt.kind in _COUNTERPARTS and receipt.counterpart is not None:
        yield from fact(_COUNTERPARTS[receipt.kind], receipt.counterpart)
    if receipt.request_ref is not None:
        yield from fact("业务 Request", receipt.request_ref)
    yield from fact("借据 Loans", several(receipt.loan_nos))
    yield Line(text=f"权证 {len(receipt.items)} 件　Papers: {len(receipt.items)}", above=6.0)


def _paper(number: int, item: ReceiptItem) -> Iterator[Line]:
    pages = "" if item.pages is None else f"　{item.pages} 页 pages"
    yield Line(
        text=f"{number}. {chinese(item.cert_type)}　{chinese(item.movement)}{pages}", above=3.0
    )
    for line in fitted(item.cert_no or "—", indent=6.0):
        yield Line(text=line, indent=6.0)
    place = "/".join(part for part in (item.vault, item.cabinet, item.slot) if part)
    told = (("库位 Slot", place), ("封包 Packet", item.packet_no), ("封签 Seal", item.seal_no))
    where = "　".join(f"{name} {value}" for name, value in told if value)
    for line in fitted(where, indent=6.0) if where else ():
        yield Line(text=line, indent=6.0)
    yield Line(text=f"流水 Event {item.event_id}", size=SMALL, indent=6.0)
    yield Line(text=f"SHA-256 {item.event_hash}", size=SMALL, indent=6.0)
