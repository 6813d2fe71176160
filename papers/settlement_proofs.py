"""Settlement proofs (贷款结清证明) as documents: drawn from the proof's facts alone.

No name and no number of a person stands on it: who was given one shows it together with the
contract, and whoever is shown it asks the bank about its number.
"""

from collections.abc import Iterator
from functools import partial

from domain.calendar import SHANGHAI
from domain.money import yuan
from domain.settlement_proofs import SettlementProof
from papers.lines import LEFT, SMALL, TITLE, TOP, WIDTH, Line, drawn, fact, signatures
from papers.page import Page
from schema.enums import chinese

QR_SIDE = 32.0  # millimetres
# What a loan may owe, each of which is nothing (DRG-P01).
OWED = (
    "本金 Principal",
    "利息 Interest",
    "罚息 Penalty interest",
    "复利 Compound interest",
    "费用 Fees",
    "表外利息 Off-balance interest",
    "已核销余额 Written-off balance",
    "待入账款项 Unposted repayments",
)


def settlement_proof_pdf(proof: SettlementProof) -> tuple[bytes, int]:
    """The document of a proof, and how many pages it has."""

    def code(page: Page) -> None:
        page.qr(proof.no, x=LEFT + WIDTH - QR_SIDE, y=TOP - 4.0, side=QR_SIDE)

    who = ["经办人 Handled by", "签发机构盖章 Seal of the issuing organisation"]
    return drawn(proof.no, _blocks(proof), begin=code, end=partial(signatures, who=who))


def _blocks(proof: SettlementProof) -> Iterator[list[Line]]:
    yield list(_head(proof))
    yield list(_amounts(proof))
    ask = (
        "本证明一号一证；结清被冲正的，编号作废。请以编号或二维码向本行查询效力。",
        "One number, one proof. It is void once the settlement is undone: ask the bank by number.",
    )
    yield [Line(text=text, size=SMALL, above=8.0 - 7.0 * n) for n, text in enumerate(ask)]


def _head(proof: SettlementProof) -> Iterator[Line]:
    yield Line(text="贷款结清证明　Settlement proof", size=TITLE)
    yield from fact("编号 No.", proof.no, above=4.0)
    moment = proof.issued_at.astimezone(SHANGHAI)
    yield from fact("签发日期 Issued on", f"{moment:%Y-%m-%d} (Asia/Shanghai)")
    issuer = f"{proof.org_name} ({proof.org_code})"
    yield from fact("签发机构 Issued by", issuer, above=8.0)  # below the code, however long
    yield from fact("借据号 Loan", proof.loan_no, above=4.0)
    yield from fact("合同号 Contract", proof.contract_no)
    yield from fact("客户号 Customer", proof.customer_no)
    yield from fact("贷款金额 Principal lent", f"{yuan(proof.principal_amount)} {proof.currency}")
    yield from fact("贷款状态 Status", chinese(proof.loan_status))
    on = "—" if proof.settled_on is None else proof.settled_on.isoformat()
    yield from fact("结清日期 Settled on", on)


def _amounts(proof: SettlementProof) -> Iterator[Line]:
    says = "截至签发日，该笔贷款各项应付款项均已结清：　Nothing is owed on this loan:"
    yield Line(text=says, above=6.0)
    for name in OWED:
        yield Line(text=f"{name}　{yuan(0)} {proof.currency}", indent=6.0, above=1.0)
