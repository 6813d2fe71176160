"""Names of the domain's values, each with its Chinese term and one line of meaning."""

from enum import StrEnum

import strawberry

from domain.alerts import AlertKind
from domain.book import EntryKind, PostingOutcome, PostingStatus
from domain.certificates import Carrier, Catalog, CertType, CustodyState, LegalState, LockKind
from domain.checkouts import ChangeType, CheckOutPurpose, CheckOutState, RenewalState
from domain.claim_transfers import ClaimTransferState
from domain.collaterals import (
    CollateralKind,
    PledgeState,
    TitleSearchResult,
    ValuationKind,
    ValuationMethod,
)
from domain.custody import Movement
from domain.deregistration import (
    ApprovalDecision,
    CaseState,
    CaseStep,
    DeadlineStep,
    DeregKind,
    HandlingMode,
    RegistryStatus,
)
from domain.dispatches import DispatchState
from domain.dossiers import DocType, DossierStatus, ItemStage, ItemStatus
from domain.dual_control import ProposalState
from domain.files import FileClass, FileSource, FileStatus
from domain.guarantees import DeterminationReason, GuaranteeKind, GuaranteeMode, GuaranteeStatus
from domain.handovers import HandoverItemState, HandoverState
from domain.loans import (
    Classification,
    CreditContractKind,
    DisbursementBasis,
    LoanStatus,
    Product,
    RepaymentKind,
    SettlementChannel,
)
from domain.messages import MESSAGES
from domain.orgs import OrgLevel
from domain.owner_returns import OwnerReturnState
from domain.parties import CustomerType, IdType, PartnerKind
from domain.preconditions import Remedy
from domain.receipts import ReceiptKind
from domain.reconciliation import DifferenceKind
from domain.redemption import ProceedsUse, RedemptionGround
from domain.refusals import RefusalCode
from domain.release import Outcome
from domain.release_question import Stage
from domain.roles import Role
from domain.settlement_proofs import ProofStanding
from domain.stocktakes import CountResult, StocktakeKind, StocktakeState
from domain.vault_keeping import KeeperChangeState
from domain.vaults import PacketStatus, VaultStatus
from domain.watch import (
    HoldReason,
    HoldScope,
    IncidentKind,
    SignalCategory,
    SignalSeverity,
    SubjectKind,
)


def _name(cls: type[StrEnum], values: str) -> None:
    """Registers an enum: one line a value, its name, then what it means.

    The type's own description is the first line of the class's docstring.
    """
    meanings = dict(line.strip().split(" ", 1) for line in values.strip().splitlines())
    strawberry.enum(cls, description=(cls.__doc__ or "").splitlines()[0])
    definition = cls.__strawberry_definition__  # type: ignore[attr-defined]
    assert meanings.keys() == {value.name for value in definition.values}, cls
    for value in definition.values:
        value.description = meanings[value.name]


def chinese(value: StrEnum) -> str:
    """The Chinese term of a value, for what is printed."""
    definition = type(value).__strawberry_definition__  # type: ignore[attr-defined]
    meaning = next(one.description for one in definition.values if one.name == value.name)
    return str(meaning).partition(":")[0]


_name(
    OrgLevel,
    """
    HEAD_OFFICE 总行: head office
    TIER1_BRANCH 一级分行: first-tier branch
    TIER2_BRANCH 二级分行: second-tier branch
    LOAN_CENTER 个贷中心: loan centre; looks after its parent's whole subtree
    COUNTY_SUBCENTER 县支行个贷分中心: county sub-centre
    OPERATING_BRANCH 经营行: operating branch
    """,
)
_name(
    Role,
    """
    RELATIONSHIP_MANAGER 客户经理: relationship manager
    CERT_HANDLER 权证办理岗: obtains, hands over and files certificates
    MORTGAGE_REGISTRAR 抵押登记岗: the same three duties for a county
    VAULT_KEEPER 权证保管员: one of the two keepers of a vault
    VAULT_SUPERVISOR 库管主管: supervises the vault
    ARCHIVIST 档案员: accepts and keeps archive files
    ARCHIVE_SUPERVISOR 档案主管: supervises the archive
    BATCH_SUPERVISOR 批量监管岗: supervises in batches
    COLLECTOR 催收岗: phone collection of a loan centre
    FIELD_OFFICER 经营行催收/检查: field collection and inspection
    MARKETING_SUPERVISOR 营销主管: marketing supervisor, reviewer of inspections
    VICE_PRESIDENT 营销行长: vice president of a branch
    PRESIDENT 行长: president of a branch
    RISK_MANAGER 风险经理: risk manager
    LEGAL_OFFICER 法务: legal officer
    APPROVER 有权审批人: approves at the level of the own organisation
    POST_LOAN_OFFICER 贷后管理岗: dedicated post-loan officer
    HQ_PARAMETER 总行参数岗: publishes policy values
    AUDITOR 审计: reads everything, access logs included
    INTEGRATION 系统集成: another system, for documents
    SYSTEM 系统: this system itself
    CORE_FEED 核心数据接入: feeds facts of the core system
    """,
)
_name(
    CustomerType,
    """
    INDIVIDUAL 个人: a natural person
    CORPORATE 法人: a legal person
    MICRO 小微: a micro enterprise
    """,
)
_name(
    IdType,
    """
    ID_CARD 居民身份证: resident identity card
    PASSPORT 护照: passport
    BUSINESS_LICENSE 营业执照: business licence
    OTHER 其他: another document
    """,
)
_name(
    PartnerKind,
    """
    DEVELOPER 开发商: property developer
    DEALER 经销商: dealer
    AGENCY 中介: agency
    GUARANTEE_COMPANY 担保公司: guarantee company
    INSURER 保险: insurer
    APPRAISER 评估机构: appraiser
    """,
)
_name(
    LoanStatus,
    """
    APPROVED 已批未放: approved, not paid out
    ACTIVE 正常履约: being repaid as agreed
    OVERDUE 逾期: a payment is late
    EXTENDED 展期: the term was extended
    IN_LITIGATION 诉讼: the bank has sued
    TRANSFERRED_TO_PRESERVATION 移交保全: with asset preservation
    WRITTEN_OFF 已核销: off the books; the claim remains
    ASSIGNED 已转让: the claim was assigned
    SETTLED 结清: paid in full
    CANCELLED 撤销: cancelled before drawdown
    """,
)
_name(
    Product,
    """
    HOUSING_NEW 一手房: new home
    HOUSING_RESALE 二手房: second-hand home
    COMMERCIAL_PROPERTY 商用房: commercial property
    HOME_EQUITY 房抵贷: home equity
    CONSUMER 消费: consumer loan
    BUSINESS 个人经营/助业: personal business loan
    AUTO 汽车: car loan
    PLEDGE 质押: loan against a pledge
    CREDIT_CARD_OVERDRAFT 信用卡透支: credit card overdraft; out of scope
    RURAL_SPECIAL 三农特色个贷: rural special loan; out of scope
    ENTRUSTED 委托贷款: entrusted loan; out of scope
    """,
)
_name(
    Classification,
    """
    NORMAL 正常: normal
    SPECIAL_MENTION 关注: special mention
    SUBSTANDARD 次级: substandard
    DOUBTFUL 可疑: doubtful
    LOSS 损失: loss
    """,
)
_name(
    SettlementChannel,
    """
    CASH 现金: final the same day
    OWN_ACCOUNT 本行账户: from an account with this bank, final the same day
    DIRECT_DEBIT 代扣: direct debit, final the next working day
    CHEQUE 支票: cheque, final the next working day
    OTHER 其他: another channel
    """,
)
_name(
    RepaymentKind,
    """
    EQUAL_INSTALMENT 等额本息: equal instalments
    EQUAL_PRINCIPAL 等额本金: equal principal
    INTEREST_FIRST 先息后本: interest first
    BULLET 一次还本付息: all at maturity
    OTHER 其他: another plan
    """,
)
_name(
    DisbursementBasis,
    """
    OTHER_RIGHT_CERT 见他项权证放款: paid out against the mortgage certificate
    ACCEPTANCE_RECEIPT 见抵押收件单放款: paid out against the registry's receipt
    LETTER_OF_GUARANTEE 见保函放款: paid out against a letter of guarantee
    NONE 无: not recorded
    """,
)
_name(
    CreditContractKind,
    """
    ORDINARY 一般授信: one loan
    FACILITY 额度授信: drawn repeatedly
    """,
)
_name(
    GuaranteeKind,
    """
    MORTGAGE 抵押: mortgage
    PLEDGE 质押: pledge
    SURETY 保证: surety
    """,
)
_name(
    GuaranteeMode,
    """
    ORDINARY 一般: secures one debt
    MAX_AMOUNT 最高额: secures all debts up to a maximum
    """,
)
_name(
    GuaranteeStatus,
    """
    DRAFT 拟定: not yet in force
    EFFECTIVE 生效: in force
    RELEASED 已解除: released
    VOID 作废: void
    """,
)
_name(
    DeterminationReason,
    """
    PERIOD_ENDED 期间届满: the agreed period ended
    REQUESTED_AFTER_TWO_YEARS 满二年请求确定: two years passed and determination was asked for
    NO_NEW_CLAIM_POSSIBLE 新债权不可能发生: no new claim can arise
    COLLATERAL_SEIZED 抵押财产被查封: the bank knows of a seizure
    BANKRUPTCY_OR_DISSOLUTION 破产或解散: bankruptcy or dissolution
    OTHER 其他: another event the law names
    """,
)
_name(
    CollateralKind,
    """
    RESIDENTIAL 住宅: home
    COMMERCIAL_PROPERTY 商用房: commercial property
    LAND 土地: land-use right
    UNDER_CONSTRUCTION 在建工程: building under construction
    PRESALE_UNIT 预购商品房: unit bought before completion
    VEHICLE 车辆: vehicle
    DEPOSIT 存单: deposit receipt
    TREASURY 国债: treasury bond
    POLICY 保单: insurance policy
    WEALTH 理财: wealth product
    EQUITY 股权: equity
    RECEIVABLE 应收账款: receivable
    WAREHOUSE_RECEIPT 仓单: warehouse receipt
    EQUIPMENT 设备: equipment
    OTHER 其他: other
    """,
)
_name(
    PledgeState,
    """
    PROPOSED 拟设定: agreed, not yet in force
    EFFECTIVE 已设定: in force
    RELEASING 解押中: a release is under way
    PARTIALLY_RELEASED 部分解押: part has been released
    RELEASED 已解押: released
    TRANSFERRED 随债权转让: went with the assigned claim
    IN_ENFORCEMENT 处置中: being realised
    DISPOSED 已处置: realised
    EXTINGUISHED 灭失: the object is gone
    """,
)
_name(
    TitleSearchResult,
    """
    CLEAR 无异常: the bank's right stands and nothing else is entered
    SEIZED 有查封: a seizure is entered
    CANCELLED 已注销: the bank's right has been cancelled
    OTHER 其他: something else is entered
    """,
)
_name(
    ValuationKind,
    """
    INITIAL 初评: before the loan
    REVALUATION 重估: periodic
    RELEASE 解押评估: for a release
    """,
)
_name(
    ValuationMethod,
    """
    MARKET 市场法: market comparison
    INCOME 收益法: income
    COST 成本法: cost
    ONLINE 在线评估: automated
    OTHER 其他: other
    """,
)
_name(
    Catalog,
    """
    RIGHT_CERT 权证: proves the bank's own right
    SAFEKEEPING 代保管品: the owner's title, kept for him
    """,
)
_name(
    CertType,
    """
    REAL_ESTATE_TITLE 不动产权证书: real-estate title
    HOUSE_TITLE_LEGACY 房屋所有权证: house title of the old kind
    LAND_USE_TITLE_LEGACY 国有土地使用证: land-use title of the old kind
    MORTGAGE_REG_PROOF 不动产登记证明(抵押权): proof of mortgage registration
    OTHER_RIGHT_LEGACY 他项权证: mortgage certificate of the old kind
    PRE_NOTICE_TITLE 预购商品房预告登记证明: pre-notice of the purchase
    PRE_NOTICE_MORTGAGE 抵押权预告登记证明: pre-notice of the mortgage
    CONSTRUCTION_MORTGAGE 在建工程抵押登记证明: mortgage of a building under construction
    PURCHASE_CONTRACT 购房合同: purchase contract, before any registration
    VEHICLE_REG 机动车登记证书: vehicle registration certificate
    DEPOSIT_RECEIPT 存单: deposit receipt
    TREASURY_BOND_RECEIPT 凭证式国债收款凭证: treasury bond receipt
    INSURANCE_POLICY_PLEDGE 保单(现金价值质押): pledged insurance policy
    PROPERTY_INSURANCE 抵押物保险单: insurance of the collateral
    WEALTH_PRODUCT_PLEDGE 理财产品质押凭证: pledged wealth product
    WAREHOUSE_RECEIPT 仓单: warehouse receipt
    EQUITY_PLEDGE_NOTICE 股权出质设立登记通知书: notice of equity pledge
    RECEIVABLE_PLEDGE_REG 应收账款质押登记证明: registration of pledged receivables
    MOVABLE_MORTGAGE_REG 动产抵押登记证明: registration of mortgaged movables
    OTHER 其他: other
    """,
)
_name(
    Carrier,
    """
    PAPER 纸质: paper
    ELECTRONIC 电子: electronic
    """,
)
_name(
    CustodyState,
    """
    NOT_RECEIVED 待取得: expected from the registry or owner
    WITH_HANDLER 经办人持有: with a named handler
    IN_TRANSIT 移交中: handed over, not yet accepted; the giver answers
    RECEIVED_PENDING_VAULT 已接收待入库: with the receiving keeper
    IN_VAULT 在库: in the vault, under seal
    CHECKED_OUT 临时出库: lent out
    OUT_FOR_DEREG 解押出库: out for deregistration
    MISSING 下落不明: not found in a count
    LOST 确认遗失: confirmed lost
    ELECTRONIC_ON_FILE 电子权证在档: electronic, in the archive
    SURRENDERED 已缴回登记机构: given back to the registry
    RETURNED_TO_OWNER 已返还权利人: given back to the owner
    REDEEMED 已兑付/质押扣划: redeemed
    TRANSFERRED_OUT 已移交债权受让方: given to the assignee
    REPLACED 已换证/补证作废: replaced by another certificate
    """,
)
_name(
    LegalState,
    """
    PENDING 未办: not yet applied for
    ACCEPTED 登记机构已受理: accepted by the registry
    REGISTERED 已登记: registered
    LAPSED 失效: lapsed or expired
    SUPERSEDED 已换证: superseded
    CANCELLED 已注销: cancelled
    VOID 作废: void
    """,
)
_name(
    LockKind,
    """
    VAULT_PROPOSAL 库房待复核: waits for the second keeper
    DEREGISTRATION 解押在途: held by a deregistration case
    CHECK_OUT 出库在途: held by a check-out
    OWNER_RETURN 退还在途: goes back to its owner before the release
    """,
)
_name(
    Movement,
    """
    OPENING 期初建账: taken over from an older system
    VOID_EXPECTED 应取作废: expected no more, never received
    REGISTER_EXPECTED X01 登记应取: expected
    COLLECT X02 取证: collected
    INITIATE_HANDOVER X03 发起移交: handed over
    ACCEPT_HANDOVER X04 签收: accepted by the receiver
    REJECT_HANDOVER X05 拒收: rejected by the receiver
    RECALL_HANDOVER X05 撤回移交: recalled by the giver
    VAULT_IN X06 入库: put into the vault
    RELOCATE X07 移位: moved to another slot
    RESEAL CUS-07 重新封签: sealed anew after its seal was found broken
    CHECK_OUT X10 临时出库: taken out for a time
    RENEW_CHECK_OUT X11 续借: the time extended
    RETURN_SAME X12 原件归还: the same paper brought back
    RETURN_EXCHANGED X13 换证归还: replaced by a new certificate
    RECEIVE_EXCHANGED X13 新证收取: the new certificate brought back instead
    VAULT_OUT_FOR_DEREG X14 解押出库: taken out for deregistration
    DEREG_RETURN X15 解押退回: brought back from a failed deregistration
    DEREG_HANDOVER 解押交接: given to the next handler of a deregistration
    REGISTRY_CANCELLED 登记注销: the registry cancelled the right
    SURRENDER X16 缴回: surrendered to the registry
    RETURN_TO_OWNER X17 返还权利人: returned to the owner
    TRANSFER_OUT X18 债权转让移交: handed to the assignee of the claim
    DISPATCH X19 调库发出: sent to another vault
    RECEIVE_DISPATCHED X19 调库签收: received by the other vault
    MARK_MISSING X20 盘亏: not found at a count
    FOUND X21 找回: found again
    CONFIRM_LOST X22 确认遗失: confirmed lost
    REISSUE X23 补证作废: replaced by a reissued certificate
    RECEIVE_REISSUED X23 补证取得: the reissued certificate
    FILE_ELECTRONIC X24 电子权证归档: electronic certificate filed
    CANCEL_ELECTRONIC X25 电子权证注销: electronic certificate cancelled
    REDEEM X26 兑付: redeemed, the proceeds applied
    LAPSE 预告失效: the pre-notice lapsed
    REINSTATE 恢复效力: it had not lapsed, the application was in time and recorded late
    CONVERT 预告转正式: the full right is registered in the pre-notice's place
    """,
)
_name(
    ProposalState,
    """
    PENDING 待复核: waits for the second person
    CONFIRMED 已复核: confirmed
    WITHDRAWN 已撤回: withdrawn by the proposer
    EXPIRED 已失效: nobody confirmed in time
    """,
)
_name(
    VaultStatus,
    """
    OPEN 正常: paper may move
    FROZEN_FOR_COUNT 盘库冻结: frozen while it is counted
    """,
)
_name(
    PacketStatus,
    """
    SEALED 已封: holds paper under an unbroken seal
    DISPATCHED 调库在途: on its way to another vault under its seal
    EMPTY 已空: nothing is left inside
    """,
)
_name(
    StocktakeKind,
    """
    SELF 自盘: monthly, by the keepers themselves
    SUPERVISOR 主管盘库: quarterly, led by the vault supervisor
    ANNUAL 年度全面盘库: everything, once a year, led by the second-tier branch
    SURPRISE 突击盘库: unannounced, led by the branch or an auditor
    KEEPER_CHANGE 交接盘库: everything, when keepers change
    """,
)
_name(
    StocktakeState,
    """
    OPEN 盘点中: the vault is frozen and being counted
    FINALISED 已出结果: compared; the vault is open again
    CANCELLED 已取消: given up without a result
    """,
)
_name(
    CountResult,
    """
    MATCH 相符: where and as it should be
    MISSING 盘亏: expected and not found
    SURPLUS 盘盈: found and not expected; goes to its own vault
    WRONG_SLOT 错位: found in another slot or packet
    SEAL_BROKEN 封签破损: its seal is broken or another one
    WRONG_COUNT 数量不符: its pages are more or fewer
    """,
)
_name(
    HandoverItemState,
    """
    PENDING 待签收: the receiver has not decided
    ACCEPTED 已签收: accepted
    REJECTED 已拒收: rejected
    RECALLED 已撤回: recalled by the giver
    """,
)
_name(
    HandoverState,
    """
    PENDING 待签收: some item waits
    ACCEPTED 全部签收: every item accepted
    PARTIAL 部分签收: some accepted, the others back with the giver
    REJECTED 全部拒收: no item accepted
    RECALLED 已撤回: every item recalled
    """,
)
_name(
    DeregKind,
    """
    FULL_SETTLEMENT 结清解押: every secured obligation is extinguished
    PARTIAL_RELEASE 部分解押: some collateral leaves, debt remains
    SUBSTITUTION 押品置换: other collateral takes its place
    COURT_ORDERED 裁判解除: a court discharged the security
    ENFORCED 处置实现后注销: the right was realised
    WAIVER 放弃担保物权: the bank gives up the right
    CLAIM_TRANSFER 债权转让: the claim moves; not a release
    NEVER_DISBURSED 未放款撤销: nothing was ever drawn
    PRE_NOTICE_CANCEL 预告登记注销: a pre-notice is cancelled
    EXTINGUISHED 押品灭失/征收: the object is gone
    """,
)
_name(
    HandlingMode,
    """
    BANK 银行代办: the bank goes to the registry
    OWNER 客户自办: the owner goes; released only by a title search
    ONLINE 线上注销: cancelled online, papers stay in the vault
    """,
)
_name(
    CaseState,
    """
    DRAFT 草稿: being prepared
    SUBMITTED 已提交: submitted
    PRECHECKED 预检通过: every precondition held; waits for approval
    BLOCKED 预检未过: a precondition failed; fix it and submit again
    APPROVED 已审批: approved
    REJECTED_INTERNAL 审批否决: an approver said no
    CANCELLED 已取消: given up
    VAULT_OUT 已出库: papers are out
    SUSPENDED 已中止: a paper was lost on the way; waits for its reissue
    FILED 登记机构受理: filed with the registry
    NEED_MORE_MATERIAL 待补件: the registry wants more
    WITHDRAWN 已撤回: withdrawn before entry
    REGISTRY_REJECTED 已退件: the registry said no
    REGISTRY_DONE 已办结: entered; irreversible
    RETURNED 已返还: papers are where they belong
    CLOSED 已结案: archived
    CLOSED_FAILED 失败结案: given up after the registry said no
    """,
)
_name(
    CaseStep,
    """
    OPEN 新建: opened
    SUBMIT 提交: submitted
    BLOCK 阻断: a precondition failed
    APPROVE 审批: approved
    REJECT 否决: rejected
    CANCEL 取消: cancelled
    VAULT_OUT 出库: papers taken out
    FILE 递交: filed with the registry
    NEED_MORE_MATERIAL 补件: the registry wants more
    WITHDRAW 撤回: withdrawn
    REGISTRY_REJECT 退件: rejected by the registry
    REGISTRY_DONE 办结: entered by the registry
    RETURN 返还: papers given back
    CLOSE 结案: closed
    SUSPEND 中止: a paper was lost on the way
    RESUME 恢复: its reissue is in
    REVERSE 结清冲正: the settlement it rests on was undone after the filing
    REASSIGN 变更经办: another handler
    CHANGE_APPLICANTS 变更申请人: others apply, such as heirs
    """,
)
_name(
    DeadlineStep,
    """
    OWNER_NOTICE 结清通知: the owner of what secured a settled loan is told
    SETTLEMENT_PROOF 结清证明: a proof of settlement is given to who asked
    DECISION 审批: a complete application is decided
    VAULT_OUT 出库: papers leave the vault
    FILE 递交: the application is filed with the registry
    REGISTRY_COMMITMENT 登记机构承诺时限: the registry answers, as it promises
    REGISTRY 登记法定时限: the registry answers, as the law demands
    VAULT_BACK 退库: papers are back after the registry said no
    RETURN 返还: papers go to the owner
    OWNER_PROOF 客户自办查册: a title search proves the owner's own cancellation
    CLOSE 结案: documents are archived
    TOTAL 全程: from the complete application to the return
    """,
)
_name(
    RegistryStatus,
    """
    PENDING 受理中: being handled
    NEED_MORE_MATERIAL 待补件: more is wanted
    REJECTED 已退件: rejected
    CANCELLED 已撤回: the application was withdrawn
    DONE 已办结: entered
    """,
)
_name(
    ApprovalDecision,
    """
    APPROVED 同意: approved
    REJECTED 否决: rejected
    """,
)
_name(
    Stage,
    """
    PRECHECK 试算: a dry run
    SUBMIT 提交: at submission
    APPROVE 审批: at an approval
    VAULT_OUT 出库: at the vault-out
    FILE 递交: at the filing
    CLOSE 结案: at closing
    """,
)
_name(
    Outcome,
    """
    PASS 通过: it holds
    FAIL 不通过: it stands in the way
    WARNING 提示: worth knowing, never in the way
    NOT_APPLICABLE 不适用: this kind of release does not ask it
    """,
)
_name(
    Remedy,
    """
    BORROWER 借款人: by paying what is owed or curing a breach
    OWNER 权利人: by applying, himself or by whoever may speak for him, with his papers
    GUARANTOR 担保人: by consenting
    COURT 法院: by lifting the seizure
    PAPER_BORROWER 借阅人: by bringing back the paper that he has checked out
    TIME 等待: it passes by itself on the day that is told
    RELATIONSHIP_MANAGER 客户经理: by ending the facility or having the value assessed
    CERT_HANDLER 权证经办: by a document, a title search, another case, a paper not yet in the vault
    VAULT_KEEPER 库管员: by bringing the paper back into the vault
    ARCHIVIST 档案员: by filing the dossier's papers
    RISK_MANAGER 风险经理: by having the signal eliminated
    LEGAL_OFFICER 法务: by ending the hold or the litigation
    HEAD_OFFICE 总行: by freeing the claim that was pledged on or assigned
    """,
)
_name(
    DispatchState,
    """
    UNDER_WAY 在途: on its way
    INCOMPLETE 部分签收: received without some of its papers
    RECEIVED 已签收: received, but for what was lost
    LOST 途中遗失: lost on the way as a whole
    """,
)
_name(
    RedemptionGround,
    """
    MATURITY 到期: it is due
    DEFAULT 违约: a secured debt is in default
    """,
)
_name(
    ProceedsUse,
    """
    APPLIED_TO_DEBT 提前清偿: applied to the secured debt
    DEPOSITED 提存: kept in its stead
    """,
)
_name(
    ClaimTransferState,
    """
    APPROVED 已审批: the papers may go
    HANDED_OVER 已移交: the papers are with the assignee
    WITHDRAWN 已撤回: it does not come about
    """,
)
_name(
    OwnerReturnState,
    """
    APPROVED 已审批: the papers may go
    RETURNED 已退还: the owner has them
    WITHDRAWN 已撤回: it does not come about
    """,
)
_name(
    KeeperChangeState,
    """
    OPEN 交接中: waits for signatures and the count
    COMPLETED 已交接: the vault has passed on
    WITHDRAWN 已撤回: the keepers stay
    """,
)
_name(
    DocType,
    """
    LOAN_APPLICATION 借款申请书: loan application
    ID_DOCS 身份证明/婚姻证明: identity and marriage documents
    INCOME_PROOF 收入证明: proof of income
    CREDIT_REPORT_AUTH 征信授权书: credit report authorisation
    INVESTIGATION_REPORT 调查报告: investigation report
    REVIEW_REPORT 审查报告: review report
    APPROVAL_NOTE 审批书: approval note
    LOAN_CONTRACT 借款合同: loan contract
    GUARANTEE_CONTRACT 担保合同: guarantee contract
    LOAN_NOTE 借据: loan note
    PURCHASE_CONTRACT 购房/购车合同: purchase contract
    DOWN_PAYMENT_PROOF 首付凭证: proof of down payment
    VALUATION_REPORT 评估报告: valuation report
    BUSINESS_LICENSE 营业执照: business licence
    USE_CONTRACT 用途合同: contract of use
    USE_PROOF 支付/用途凭证: proof of use
    PRE_NOTICE_CERT_SCAN 预告登记证明扫描: scan of the pre-notice
    MORTGAGE_CERT_SCAN 登记证明/他项权证扫描: scan of the mortgage certificate
    PLEDGE_CERT_SCAN 质押凭证扫描: scan of the pledged receipt
    FREEZE_CONFIRM 止付确认: stop-pay confirmation
    INSURANCE 保险单: insurance policy
    FIRST_INSPECTION 首次检查表: first inspection
    INSPECTION_REPORT 贷后检查报告: inspection report
    REPAYMENT_RECORD 还款记录: repayment record
    SETTLEMENT_PROOF 贷款结清证明: settlement proof
    DEREG_APPLICATION 注销/解押申请书: application for release
    OWNER_ID 权利人身份证: identity of every owner
    AGENT_POA 授权委托书: notarised power of attorney
    AGENT_ID 受托人身份证: identity of the agent
    HEIR_PROOF 继承证明: proof of the heirs
    GUARDIAN_PROOF 监护证明: proof of guardianship
    MORTGAGE_CANCEL_CONSENT 抵押权注销同意书: the bank's consent
    REGISTRY_APPLICATION 不动产登记申请书: the registry's form
    CERT_RECEIPT 权证领取签收单: the owner's receipt
    REGISTRY_RESULT 登记机构办结凭证/查册结果: the registry's result
    APPROVAL_SHEET 审批表: approval sheet
    CERT_SCAN 权证扫描件: scan of a certificate
    CUSTODY_RECEIPT 保管回单: receipt of a movement of paper, drawn by the server
    INSPECTION_PHOTO 检查照片: inspection photo
    EVIDENCE 证据: evidence, sound and film included
    LOSS_STATEMENT 遗失声明: the published statement of a loss
    REGISTRY_ACCEPTANCE 登记机构受理通知书: the registry's acceptance of an application
    SUPPLEMENT_AGREEMENT 担保变更补充协议: agreement that changes the security
    NEW_COLLATERAL_REG 新押品登记证明: registration of what replaces the collateral
    GUARANTOR_CONSENT 其他担保人同意继续担保函: a guarantor agrees to stand in further
    OTHER_MORTGAGEE_CONSENT 其他抵押权人同意书: another mortgagee agrees to the change
    COURT_DOC 生效法律文书及协助执行通知: effective judgment and notice of assistance
    SALE_CONFIRMATION 成交确认书: confirmation of the sale in execution
    PROCEEDS_ENTRY 处置价款入账凭证: entry of the proceeds
    LOSS_PROOF 灭失/征收证明: proof of loss or expropriation
    COMPENSATION_CLAIM 补偿金/赔偿金请求: claim on the compensation
    LEGAL_OPINION 法律意见书: legal opinion on a seizure overridden or a lost paper
    CLAIM_ASSIGNMENT 债权转让协议: claim-assignment agreement
    ASSIGNEE_RECEIPT 受让方签收单: the assignee's receipt for the papers
    REDEMPTION_AUTHORITY 质押扣划协议/授权书: agreement or authority to redeem a receipt
    OTHER 其他: other
    """,
)
_name(
    DossierStatus,
    """
    OPEN 归集中: being collected
    FILED 已归档: everything due is filed
    SUPPLEMENTING 补充: being added to
    CLOSED 结清封存: closed
    TRANSFERRED 移交: handed to another archive
    DESTROYED 已销毁: destroyed
    """,
)
_name(
    ItemStage,
    """
    AT_DISBURSEMENT 放款时: at disbursement
    AFTER_REGISTRATION 登记后: after registration
    PERIODIC 定期: periodic
    AT_SETTLEMENT 结清时: at settlement
    CONDITIONAL 视情况: only where it applies
    """,
)
_name(
    ItemStatus,
    """
    MISSING 缺失: nothing uploaded
    UPLOADED 已上传: waits for acceptance
    ACCEPTED 已验收: accepted
    REJECTED 已退回: rejected
    WAIVED 已豁免: waived
    NOT_APPLICABLE 不适用: does not apply
    """,
)
_name(
    FileStatus,
    """
    PENDING 待上传: announced, not uploaded
    QUARANTINED 已隔离: not what was announced
    READY 待验收: stored and verified
    ACCEPTED 已验收: accepted
    REJECTED 已退回: rejected
    SUPERSEDED 已替换: a newer version stands
    VOIDED 已作废: what it says is no longer so
    DESTROYED 已销毁: destroyed
    """,
)
_name(
    ProofStanding,
    """
    VALID 有效: the bank stands by it
    VOIDED 已作废: the settlement was undone, the number is blacklisted
    UNKNOWN 查无此号: the bank has given no such number
    """,
)
_name(
    FileClass,
    """
    A 权证类: certificates
    B 要件类: contracts and approvals
    C 管理类: management
    D 保全类: litigation and write-off
    """,
)
_name(
    FileSource,
    """
    WEB 网页: web
    MOBILE 移动端: mobile app
    INTEGRATION 系统集成: another system
    GENERATED 系统生成: drawn by the server itself
    """,
)
_name(
    ReceiptKind,
    """
    VAULT_IN 入库回单: papers put into the vault
    VAULT_OUT 出库回单: papers that left the vault
    HANDOVER 移交签收回单: papers received from somebody
    OWNER_RETURN 返还权利人回单: papers given back to their owner
    SAFEKEEPING 代保管品收妥回单: an owner's paper that the bank took into safekeeping
    """,
)
_name(
    HoldScope,
    """
    DOSSIER 档案: a dossier
    FILE 文件: a file
    CERTIFICATE 权证: a certificate
    COLLATERAL 押品: a collateral
    CUSTOMER 客户: a customer
    """,
)
_name(
    HoldReason,
    """
    LITIGATION 诉讼: litigation
    REGULATOR 监管: regulator
    AUDIT 审计: audit
    AML 反洗钱: anti-money-laundering
    COMPLAINT 投诉: complaint
    """,
)
_name(
    SignalSeverity,
    """
    BLUE 蓝: for attention
    YELLOW 黄: caution
    ORANGE 橙: serious
    RED 红: grave
    """,
)
_name(
    SignalCategory,
    """
    CUSTOMER_INFO 客户信息: about the customer
    FUND_USE 资金用途: use of the money
    PARTNER 合作机构: a partner institution
    ASSET_QUALITY 资产质量: quality of the asset
    REPAYMENT 还款: repayment
    COLLATERAL 押品: the collateral, its value or its release
    CERTIFICATE 权证: a certificate, its custody
    COLLATERAL_DISPUTE 押品争议: dispute about the collateral
    FRAUD 欺诈: fraud
    AML 反洗钱: anti-money-laundering
    LITIGATION 涉诉: litigation
    ARCHIVE 档案: the archive
    OTHER 其他: other
    """,
)
_name(
    SubjectKind,
    """
    LOAN 借据: a loan
    CUSTOMER 客户: a customer
    COLLATERAL 押品: a collateral
    CERTIFICATE 权证: a certificate
    DOSSIER 档案: a dossier
    FILE 文件: a file
    HANDOVER 移交单: a handover
    DISPATCH 调库单: a transfer between vaults
    VAULT 库房: a vault
    """,
)
_name(
    EntryKind,
    """
    IN 收: a paper enters a vault
    OUT 付: a paper leaves a vault
    PROCEEDS 兑付款项: proceeds of a redemption
    """,
)
_name(
    PostingStatus,
    """
    PENDING 记账中: asked of the core system, not answered
    POSTED 已记账: stands in the core's book
    POSTING_FAILED 记账失败: the core refused it; the paper is held
    RETRIED 已重发: given up for another attempt under a serial of its own
    REVERSED 已冲正: taken back by the supervisor
    """,
)
_name(
    PostingOutcome,
    """
    FAILED 失败: refused
    POSTED 成功: stands in the book
    """,
)
_name(
    DifferenceKind,
    """
    BOOK 账实不符: book and vault
    LEDGER 流水不符: ledger and vault
    REGISTRY 登记不符: certificate and title search
    """,
)
_name(
    AlertKind,
    """
    PRE_NOTICE 预告登记: a pre-notice is about to lapse
    EXPIRY 到期: a paper or a registration ends
    UNCLAIMED 客户未领: the owner has not fetched his paper
    CHECK_OUT 逾期未还: a paper was not brought back
    RELEASE_AVAILABLE 可办理解押: a settled loan's security may be released; tell the owner
    RELEASE_DEADLINE 解押时限: a deadline of a release, or of a proof of settlement
    BOOK 表外账: the book refused an entry, or disagrees with a vault
    HANDOVER 逾期未签收: a handover was not accepted in time
    DISPATCH 调库逾期: a packet did not arrive in time
    STOCKTAKE 盘库到期: a vault is due to be counted
    RELEASE 解押: something is to be done about a release
    SIGNAL 风险信号: signals are proposed for elimination
    """,
)

strawberry.enum(RefusalCode, description="Why something was refused (拒绝原因); stable codes.")
_name(
    CheckOutPurpose,
    """
    LITIGATION 诉讼、执行举证: evidence in litigation or execution
    NON_LITIGATION_USE 其他借阅: other use
    REGISTRATION_CHANGE 变更登记: a change at the registry
    PRE_NOTICE_CONVERSION 预告转现房抵押: from pre-notice to the final registration
    CERT_RENEWAL 换证: a new certificate for the old one
    LOAN_ROLLOVER 借新还旧: kept for a loan that takes the old one's place
    PARTIAL_CHANGE 部分出库、置换: only as part of a release
    APPRAISAL_AUDIT 估值、审计、检查: looked at in the house, escorted
    REDEMPTION 到期兑付、续存: redeemed or renewed at the bank's counter
    """,
)
_name(
    CheckOutState,
    """
    REQUESTED 待审批: waits for its approvals
    APPROVED 已审批: may be taken out
    REJECTED 已否决: rejected
    CANCELLED 已撤销: given up by the requester
    EXPIRED 已失效: approved and not taken in time
    OUT 已出库: with the borrower
    RETURNED 已归还: the same paper is back
    EXCHANGED 已换证: a new certificate came instead
    LOST 已遗失: confirmed lost
    """,
)
_name(
    ChangeType,
    """
    SURFACE_INFO 表面信息变化: what is printed changed
    TYPE_CHANGE 类型改变: another type of certificate
    OTHER 其他: anything else
    """,
)
_name(
    RenewalState,
    """
    REQUESTED 待审批: waits for the approver
    APPROVED 已同意: given
    REJECTED 已否决: refused
    """,
)
_name(
    IncidentKind,
    """
    MISSING 下落不明: not found where it should be
    SUSPECTED_LOSS 疑似遗失: not brought back for long
    LOSS 遗失: lost
    RETURN_MISMATCH 归还不符: what came back is not what went out
    SEAL_BROKEN 封签破损: a seal was broken
    REVERSED_SETTLEMENT 结清冲正: a settlement was reversed after the release was filed
    BOOK_DIFFERENCE 账实不符: the book disagrees with a vault, its ledger or the registry
    OTHER 其他: anything else
    """,
)
for _code in RefusalCode.__strawberry_definition__.values:  # type: ignore[attr-defined]
    _code.description = " ".join(reversed(MESSAGES[RefusalCode(_code.value)]))
