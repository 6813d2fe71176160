"""Receipts (回单) as documents: drawn from a receipt's facts alone, the same bytes every time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.calendar import SHANGHAI
from domain.people import Role
from domain.receipts import Receipt, ReceiptItem, ReceiptKind
from papers.page import Page, wrapped
from schema.enums import chinese

ENGLISH = {
    ReceiptKind.VAULT_IN: "Vault-in receipt",
    ReceiptKind.VAULT_OUT: "Vault-out receipt",
    ReceiptKind.HANDOVER: "Handover receipt",
    ReceiptKind.OWNER_RETURN: "Receipt of return to the owner",
}
SIGNERS = {
    ReceiptKind.VAULT_IN: ("库管员 Keeper", "库管员 Keeper"),
    ReceiptKind.VAULT_OUT: ("库管员 Keeper", "领用人 Taken by"),
    ReceiptKind.HANDOVER: ("移交人 Given by", "接收人 Received by"),
    ReceiptKind.OWNER_RETURN: ("经办人 Handled by", "权利人 Owner"),
}
_COUNTERPARTS = {
    ReceiptKind.HANDOVER: "移交人 Given by",
    ReceiptKind.VAULT_OUT: "领用人 Taken by",
}
_LEFT, _TOP, _WIDTH, _BOTTOM = 20.0, 25.0, 170.0, 250.0  # millimetres
_SIGNATURE_WIDTH = 75.0
_MAX_LINES = 12  # of one fact; a number has 1,000 characters at most
_MAX_LOANS_SHOWN = 5
_SMALL, _PLAIN, _TITLE = 7.0, 10.0, 16.0  # sizes of type, in points
_LEADING = 0.52  # millimetres from line to line for each point of type


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line of the document: its text, its type, how far in, how much room above."""

    text: str
    size: float = _PLAIN
    indent: float = 0.0
    above: float = 0.0

    @property
    def height(self) -> float:
        return self.above + self.size * _LEADING


def receipt_pdf(receipt: Receipt) -> tuple[bytes, int]:
    """The document of a receipt, and how many pages it has."""
    sheets = _sheets(_blocks(receipt))
    page = Page(receipt.no)
    for number, lines in enumerate(sheets, start=1):
        if number > 1:
            page.turn()
        y = _TOP
        for line in lines:
            y += line.height
            page.text(line.text, x=_LEFT + line.indent, y=y, size=line.size)
        if number == len(sheets):
            _sign(page, receipt, y=y + 20.0)
        page.text(f"{receipt.no}　{number}/{len(sheets)}", x=_LEFT, y=287.0, size=_SMALL)
    return page.done(), len(sheets)


def _blocks(receipt: Receipt) -> Iterator[list[_Line]]:
    """What is on it, in blocks that no end of a page divides."""
    yield list(_head(receipt))
    for number, item in enumerate(receipt.items, start=1):
        yield list(_paper(number, item))
    source = "本回单由系统依据保管流水生成。　Drawn by the system from the custody ledger."
    yield [_Line(text=source, size=_SMALL, above=8.0)]


def _head(receipt: Receipt) -> Iterator[_Line]:
    yield _Line(text=f"{chinese(receipt.kind)}　{ENGLISH[receipt.kind]}", size=_TITLE)
    yield from _fact("编号 No.", receipt.no, above=4.0)
    moment = receipt.issued_at.astimezone(SHANGHAI)
    yield from _fact("时间 Time", f"{moment:%Y-%m-%d %H:%M:%S} (Asia/Shanghai)")
    for operator in receipt.operators:
        role = f"{chinese(Role(operator.role))}, {operator.org_code}"
        yield from _fact("经办 By", f"{operator.login} ({role})")
    if receipt.kind in _COUNTERPARTS and receipt.counterpart is not None:
        yield from _fact(_COUNTERPARTS[receipt.kind], receipt.counterpart)
    if receipt.request_ref is not None:
        yield from _fact("业务 Request", receipt.request_ref)
    yield from _fact("借据 Loans", _loans(receipt.loan_nos))
    yield _Line(text=f"权证 {len(receipt.items)} 件　Papers: {len(receipt.items)}", above=6.0)


def _paper(number: int, item: ReceiptItem) -> Iterator[_Line]:
    pages = "" if item.pages is None else f"　{item.pages} 页 pages"
    yield _Line(
        text=f"{number}. {chinese(item.cert_type)}　{chinese(item.movement)}{pages}", above=3.0
    )
    for line in _fitted(item.cert_no or "—", _PLAIN, indent=6.0):
        yield _Line(text=line, indent=6.0)
    place = "/".join(part for part in (item.vault, item.cabinet, item.slot) if part)
    told = (("库位 Slot", place), ("封包 Packet", item.packet_no), ("封签 Seal", item.seal_no))
    where = "　".join(f"{name} {value}" for name, value in told if value)
    for line in _fitted(where, _PLAIN, indent=6.0) if where else ():
        yield _Line(text=line, indent=6.0)
    yield _Line(text=f"流水 Event {item.event_id}", size=_SMALL, indent=6.0)
    yield _Line(text=f"SHA-256 {item.event_hash}", size=_SMALL, indent=6.0)


def _fact(name: str, value: str, *, above: float = 1.0) -> Iterator[_Line]:
    for line in _fitted(f"{name}　{value}", _PLAIN):
        yield _Line(text=line, above=above)
        above = 0.0


def _fitted(text: str, size: float, *, indent: float = 0.0) -> list[str]:
    return wrapped(text, size=size, width=_WIDTH - indent, most=_MAX_LINES)


def _loans(numbers: Sequence[str]) -> str:
    shown = ", ".join(numbers[:_MAX_LOANS_SHOWN])
    more = len(numbers) - _MAX_LOANS_SHOWN
    return shown if more <= 0 else f"{shown} … (+{more})"


def _sheets(blocks: Iterator[list[_Line]]) -> list[list[_Line]]:
    """The blocks dealt out to pages; room for signatures is left on every one."""
    sheets: list[list[_Line]] = [[]]
    used = _TOP
    for block in blocks:
        height = sum(line.height for line in block)
        if sheets[-1] and used + height > _BOTTOM:
            sheets.append([])
            used = _TOP
        sheets[-1] += block
        used += height
    return sheets


def _sign(page: Page, receipt: Receipt, *, y: float) -> None:
    for place, who in enumerate(SIGNERS[receipt.kind]):
        x = _LEFT + place * (_WIDTH - _SIGNATURE_WIDTH)
        page.rule(x=x, y=y, width=_SIGNATURE_WIDTH)
        page.text(f"{who}　签字、日期 Signature, date", x=x, y=y + 4.0, size=_SMALL)
