"""What a refusal says to a person, in English and Chinese; the code stays the contract."""

from collections.abc import Mapping
from types import MappingProxyType

from domain.refusals import Refusal, RefusalCode

Code = RefusalCode

MESSAGES: Mapping[RefusalCode, tuple[str, str]] = MappingProxyType(
    {
        Code.NOT_FOUND: (
            "There is no {subject} {id} within your reach.",
            "您的权限范围内没有{subject} {id}。",
        ),
        Code.STATE_CONFLICT: (
            "{subject} is {state}; {event} is not possible from there.",
            "{subject} 当前为 {state}，不能进行 {event}。",
        ),
        Code.VERSION_CONFLICT: (
            "{subject} has changed since you read it: version {actual}, you expected {expected}.",
            "{subject} 已被他人修改：当前版本 {actual}，您的版本 {expected}。",
        ),
        Code.VALUE_INVALID: ("{field}: {reason}.", "{field}：{reason}。"),
        Code.LIMIT_EXCEEDED: (
            "{field} is {actual}; at most {limit} is allowed.",
            "{field} 为 {actual}，最多允许 {limit}。",
        ),
        Code.IDEMPOTENCY_MISMATCH: (
            "This idempotency key was used before with another input.",
            "该幂等键已用于不同的请求内容。",
        ),
        Code.IN_PROGRESS: (
            "A request with this idempotency key is still running; ask again shortly.",
            "使用该幂等键的请求仍在处理，请稍后再试。",
        ),
        Code.PAYLOAD_CHANGED: (
            "What you confirm differs from what was proposed: {fields}.",
            "确认内容与提议内容不一致：{fields}。",
        ),
        Code.DUAL_CONTROL_SAME_PERSON: (
            "The second person must not be the one who proposed.",
            "复核人不得与经办人为同一人。",
        ),
        Code.PROPOSAL_EXPIRED: (
            "The proposal ended at {expired_at}; propose again.",
            "该提议已于 {expired_at} 失效，请重新发起。",
        ),
        Code.SOD_VIOLATION: (
            "{person} already acts on this as {part} and may not do this as well.",
            "{person} 已作为{part}参与，不得再办理此事项。",
        ),
        Code.SELF_APPROVAL: (
            "An applicant cannot approve the own request.",
            "申请人不得审批本人的申请。",
        ),
        Code.OPEN_REQUEST_EXISTS: (
            "{subject} is held by an open request: {lock}.",
            "{subject} 已有在途业务：{lock}。",
        ),
        Code.SCAN_MISSING: (
            "Certificate {certificate} has no accepted, intact scan of this number: {reason}.",
            "权证 {certificate} 缺少与本证号一致且已验收、完整的扫描件：{reason}。",
        ),
        Code.SLOT_OCCUPIED: (
            "Slot {slot} is occupied or reserved.",
            "库位 {slot} 已被占用或预留。",
        ),
        Code.SEAL_REUSED: ("Seal {seal} was used before.", "封签号 {seal} 已使用过。"),
        Code.DUPLICATE_CERT: (
            "A certificate with this type, issuer and number exists: {certificate}.",
            "同类型、同发证机关、同证号的权证已存在：{certificate}。",
        ),
        Code.TYPE_NOT_ALLOWED: (
            "A {type} certificate does not belong to {kind} collateral.",
            "{kind} 类押品不适用 {type} 权证。",
        ),
        Code.RETURN_MISMATCH: (
            "The paper differs from the record: {what} is {actual}, recorded {recorded}.",
            "实物与登记不符：{what} 为 {actual}，登记为 {recorded}。",
        ),
        Code.ELECTRONIC_CERT: (
            "Certificate {certificate} is electronic; it cannot be moved as paper.",
            "权证 {certificate} 为电子权证，不能按实物流转。",
        ),
        Code.VAULT_FROZEN: (
            "Vault {vault} is frozen for a count.",
            "库房 {vault} 正在盘库，已冻结。",
        ),
        Code.NOT_SETTLED: ("Loan {loan} still owes: {owed}.", "借据 {loan} 尚未结清：{owed}。"),
        Code.SETTLEMENT_NOT_FINAL: (
            "The settlement of loan {loan} cannot be reversed from {final_on} on, not before.",
            "借据 {loan} 的结清款项自 {final_on} 起方为最终到账。",
        ),
        Code.MAXAMOUNT_UNDETERMINED: (
            "Maximum-amount contract {contract} still secures what may arise: {reason}.",
            "最高额担保合同 {contract} 的债权尚未确定：{reason}。",
        ),
        Code.OTHER_OBLIGATION: (
            "The collateral also secures contract {contract}, which is not extinguished: {loans}.",
            "押品还担保未消灭的合同 {contract}：{loans}。",
        ),
        Code.SEIZED: ("A seizure is in force: {document}.", "存在有效查封/冻结：{document}。"),
        Code.TITLE_SEARCH_STALE: (
            "The last title search: {searched_on}; at most {limit} working days may have passed.",
            "最近查册日期为 {searched_on}，不得超过 {limit} 个工作日。",
        ),
        Code.LEGAL_HOLD: ("A legal hold is open: {holds}.", "存在未解除的法律冻结：{holds}。"),
        Code.LITIGATION_OPEN: ("Litigation is pending: {cases}.", "存在未结诉讼/执行：{cases}。"),
        Code.CERT_NOT_IN_VAULT: (
            "Certificate {certificate} is {state}, not in the vault and free.",
            "权证 {certificate} 当前为 {state}，不在库或有在途业务。",
        ),
        Code.RISK_SIGNAL_OPEN: (
            "A risk signal is open: {signals}.",
            "存在未消除的风险信号：{signals}。",
        ),
        Code.WRITTEN_OFF_NOT_SETTLED: (
            "Loan {loan} is written off with {balance} yuan outstanding; the claim remains.",
            "借据 {loan} 已核销但仍欠 {balance} 元，债权仍在。",
        ),
        Code.CLAIM_TRANSFERRED: (
            "The claim of loan {loan} has been assigned.",
            "借据 {loan} 的债权已转让。",
        ),
        Code.BANK_ENCUMBERED: (
            "{subject} is encumbered by the bank: {by}.",
            "{subject} 已被本行再质押或入池：{by}。",
        ),
        Code.DOC_MISSING: ("Documents are missing: {documents}.", "缺少资料：{documents}。"),
        Code.APPLICANT_NOT_ENTITLED: (
            "The application does not come from every entitled person: {reason}.",
            "申请人资格不完整：{reason}。",
        ),
        Code.ARCHIVE_INCOMPLETE: (
            "Dossier {dossier} lacks accepted settlement items: {items}.",
            "档案 {dossier} 的结清类资料未归齐：{items}。",
        ),
        Code.APPROVAL_LEVEL: (
            "The next approval is due from {required}.",
            "下一审批应由 {required} 办理。",
        ),
        Code.KIND_NOT_SUPPORTED: (
            "A {kind} is no release; transfer the papers with the claim instead.",
            "{kind} 不属于解押，请办理权证随债权转出。",
        ),
        Code.IRREVERSIBLE: (
            "The registry has entered the cancellation; it cannot be undone.",
            "登记机构已办结注销，不可撤销。",
        ),
        Code.RELEASE_IN_PROGRESS: (
            "Collateral {collateral} is being released; no new drawdown under its contracts.",
            "押品 {collateral} 正在解押，相关合同不得新放款。",
        ),
        Code.OUT_OF_SCOPE_PRODUCT: (
            "Product {product} is outside post-loan management here.",
            "产品 {product} 不在贷后管理范围内。",
        ),
        Code.UPLOAD_MISSING: (
            "Nothing has been uploaded for this file yet.",
            "该文件尚未上传内容。",
        ),
        Code.SIZE_MISMATCH: (
            "The stored file has {actual} bytes, {expected} were announced.",
            "实际文件为 {actual} 字节，申报为 {expected} 字节。",
        ),
        Code.HASH_MISMATCH: (
            "The stored file's SHA-256 differs from the announced one.",
            "实际文件的 SHA-256 与申报不一致。",
        ),
        Code.UNSUPPORTED_TYPE: (
            "The file is {actual}; accepted here: {accepted}.",
            "文件实际类型为 {actual}，仅接受：{accepted}。",
        ),
        Code.UNREADABLE_FILE: ("The file cannot be read: {reason}.", "文件无法读取：{reason}。"),
        Code.IMMUTABLE: (
            "{subject} cannot be changed: {reason}.",
            "{subject} 不可修改：{reason}。",
        ),
        Code.OTHER_DEBT: (
            "The borrower has other overdue debt not secured here: {loans}.",
            "借款人另有未以本押品担保的逾期债务：{loans}。",
        ),
        Code.LIMITATION: (
            "The limitation period of loan {loan} ended on {expired_on}.",
            "借据 {loan} 的诉讼时效已于 {expired_on} 届满。",
        ),
        Code.DUE_DATE_INVALID: (
            "The due date {due} does not fit: {reason}.",
            "应还日期 {due} 不合规：{reason}。",
        ),
        Code.PURPOSE_NOT_ALLOWED: (
            "{certificate} may not be taken out for {purpose}: {reason}.",
            "权证 {certificate} 不能以 {purpose} 为由出库：{reason}。",
        ),
        Code.BORROWER_OVERDUE: (
            "{person} has not brought back {certificate}, due on {due}.",
            "{person} 借出的 {certificate} 已于 {due} 到期未还。",
        ),
        Code.RENEWAL_LIMIT: (
            "A check-out for {purpose} is renewed at most {limit} times.",
            "以 {purpose} 为由的出库最多可续借 {limit} 次。",
        ),
        Code.LOAN_NOT_SOUND: (
            "Loan {loan} is not served without fault: {reason}.",
            "借据 {loan} 未正常履约：{reason}。",
        ),
        Code.VALUATION_STALE: (
            "Collateral {collateral} was last valued {valued_on}; at most {limit} months may have"
            " passed.",
            "押品 {collateral} 最近估值日为 {valued_on}，不得超过 {limit} 个月。",
        ),
        Code.LTV_EXCEEDED: (
            "What stays under contract {contract} may carry {capped} yuan; {exposure} is secured.",
            "合同 {contract} 剩余押品最多可承担 {capped} 元，担保债权为 {exposure} 元。",
        ),
        Code.CONSENT_MISSING: (
            "{consent} is missing from: {parties}.",
            "缺少下列各方的 {consent}：{parties}。",
        ),
        Code.LAND_HOUSE_SPLIT: (
            "{collateral} and {other} are a house and its land; they are released together.",
            "{collateral} 与 {other} 房地一体，须一并解押。",
        ),
        Code.COUNT_DIFFERS: (
            "The two counters differ on {paper}: {fields}; both count it again.",
            "两名盘点人对 {paper} 的盘点结果不一致：{fields}，请双方重新盘点。",
        ),
    }
)


# What a fact says in words, where a Chinese sentence tells it.
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "none": "无",
        "never": "从未",
        "nobody has applied yet": "尚无人申请",
        "the agent shows no notarised power of attorney": "代理人未提交经公证的授权委托书",
        "an owner has died and no heir is proven": "权利人已故，继承人未经证明",
        "an owner is a minor and no guardian is proven": "权利人为未成年人，监护人未经证明",
        "approved and not yet drawn": "已审批未放款",
        "the day it is settled (none is recorded)": "结清之日（尚无记录）",
        "none: nothing of value stays": "无（剩余押品无价值）",
    }
)


# What is owed, part by part (`domain.loans.OWED_PARTS`), before its amount.
_OWED: Mapping[str, str] = MappingProxyType(
    {
        "principal": "本金",
        "interest": "利息",
        "penalty": "罚息",
        "compoundInterest": "复利",
        "fees": "费用",
        "offBalanceInterest": "表外利息",
        "writtenOffBalance": "核销余额",
        "suspense": "挂账款项",
    }
)


class _Gaps(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "–"


def message(refusal: Refusal, *, chinese: bool) -> str:
    """The sentence shown to a person."""
    english, mandarin = MESSAGES[refusal.code]
    if not chinese:
        return english.format_map(_Gaps(refusal.detail))
    return mandarin.format_map(_Gaps({name: _worded(v) for name, v in refusal.detail.items()}))


def _worded(value: str) -> str:
    """A fact in Chinese words where it is told in ours; several are parted by "; "."""
    parts = value.split("; ")
    return "；".join(_WORDS.get(part) or _owed(part) for part in parts)


def _owed(value: str) -> str:
    """Parts of a debt in Chinese words, each before its amount; anything else as it is."""
    parts = [part.partition(" ") for part in value.split(", ")]
    if not all(name in _OWED and amount for name, _, amount in parts):
        return value
    return "、".join(f"{_OWED[name]} {amount}" for name, _, amount in parts)
