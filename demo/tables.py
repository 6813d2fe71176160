"""What the demonstration branch (演示分行) is made of: its places, people, loans and papers."""

from typing import Any

Data = dict[str, Any]

ORGS = """
HO         示范银行总行     HEAD_OFFICE      -
T1-44      广东省分行       TIER1_BRANCH     HO
T2-4401    广州分行         TIER2_BRANCH     T1-44
T2-4403    深圳分行         TIER2_BRANCH     T1-44
LC-4401    广州个贷中心     LOAN_CENTER      T2-4401    vault
CB-440183  增城县支行       OPERATING_BRANCH T2-4401    county
CS-440183  增城县个贷分中心 COUNTY_SUBCENTER CB-440183  county vault
OB-440103  荔湾支行         OPERATING_BRANCH T2-4401
OB-440104  越秀支行         OPERATING_BRANCH T2-4401
OB-440305  南山支行         OPERATING_BRANCH T2-4403
OB-440184  新塘网点         OPERATING_BRANCH CB-440183  county
"""
USERS = """
core-feed          HO         CORE_FEED            核心系统
system             HO         SYSTEM               系统任务
hq-parameter       HO         HQ_PARAMETER         顾参
auditor            HO         AUDITOR              沈明察
approver-ho        HO         APPROVER             韩总批
approver-t1        T1-44      APPROVER             唐省批
integration-1      T1-44      INTEGRATION          影像平台
approver-t2        T2-4401    APPROVER             宋分批
risk-t2            T2-4401    RISK_MANAGER         贺风险
legal-1            T2-4401    LEGAL_OFFICER        罗律
rm-1               OB-440103  RELATIONSHIP_MANAGER 梁客一
rm-2               OB-440103  RELATIONSHIP_MANAGER 梁客二
rm-3               OB-440104  RELATIONSHIP_MANAGER 梁客三
rm-4               OB-440305  RELATIONSHIP_MANAGER 梁客四
rm-5               CB-440183  RELATIONSHIP_MANAGER 梁客五
field-officer-1    OB-440103  FIELD_OFFICER        白外勤
marketing-1        OB-440103  MARKETING_SUPERVISOR 江营销
vp-1               OB-440103  VICE_PRESIDENT       卢副行
president-1        OB-440103  PRESIDENT            卢行
handler-1          LC-4401    CERT_HANDLER         陆经办
handler-2          LC-4401    CERT_HANDLER         陆复办
keeper-1           LC-4401    VAULT_KEEPER         库一甲 V-4401
keeper-2           LC-4401    VAULT_KEEPER         库二乙 V-4401
keeper-3           LC-4401    VAULT_KEEPER         库三丙 V-4401
vault-supervisor   LC-4401    VAULT_SUPERVISOR     严库管
archivist-1        LC-4401    ARCHIVIST            温档案
archive-supervisor LC-4401    ARCHIVE_SUPERVISOR   温主管
batch-supervisor   LC-4401    BATCH_SUPERVISOR     齐批量
post-loan-1        LC-4401    POST_LOAN_OFFICER    方贷后
collector-1        LC-4401    COLLECTOR            石催收
approver-lc        LC-4401    APPROVER             许中批
registrar-1        CS-440183  MORTGAGE_REGISTRAR   乡抵押
keeper-k1          CS-440183  VAULT_KEEPER         库县甲 V-440183
keeper-k2          CS-440183  VAULT_KEEPER         库县乙 V-440183
approver-county    CS-440183  APPROVER             许县批
"""
DEDICATED = {"batch-supervisor", "post-loan-1"}
PARTNERS = """
PA-01 示例置业有限公司     DEVELOPER         T2-4401
PA-02 样板地产有限公司     DEVELOPER         T2-4403
PA-03 演示汽车销售有限公司 DEALER            T2-4401
PA-04 示例房产中介有限公司 AGENCY            T2-4401
PA-05 演示融资担保有限公司 GUARANTEE_COMPANY T1-44
PA-06 样板财产保险有限公司 INSURER           T1-44
PA-07 示例土地房产评估公司 APPRAISER         T2-4401
PA-08 停业评估公司         APPRAISER         T2-4401
"""
# How many alike, then what they are; loans are numbered from 1 in this order.
LOANS = """
1 SETTLED     HOUSING_RESALE      OB-440103 RESIDENTIAL         vault
1 SETTLED     HOME_EQUITY         OB-440104 RESIDENTIAL         vault
1 SETTLED     HOUSING_NEW         CB-440183 RESIDENTIAL         county
1 SETTLED     COMMERCIAL_PROPERTY OB-440104 COMMERCIAL_PROPERTY electronic
1 ACTIVE      BUSINESS            OB-440103 COMMERCIAL_PROPERTY vault
1 ACTIVE      BUSINESS            OB-440103 -                   -
1 SETTLED     HOUSING_RESALE      OB-440104 RESIDENTIAL         vault
1 ACTIVE      HOME_EQUITY         OB-440104 -                   -
2 SETTLED     HOUSING_RESALE      OB-440103 RESIDENTIAL         vault
1 SETTLED     HOUSING_RESALE      OB-440104 RESIDENTIAL         missing
1 ACTIVE      HOME_EQUITY         OB-440103 RESIDENTIAL         out
1 SETTLED     HOME_EQUITY         OB-440103 RESIDENTIAL         vault
1 SETTLED     BUSINESS            OB-440104 LAND                vault
1 OVERDUE     HOUSING_RESALE      OB-440103 RESIDENTIAL         vault
1 IN_LITIGATION BUSINESS          OB-440103 COMMERCIAL_PROPERTY vault
1 EXTENDED    BUSINESS            OB-440104 LAND                vault
1 TRANSFERRED_TO_PRESERVATION COMMERCIAL_PROPERTY OB-440104 COMMERCIAL_PROPERTY vault
1 WRITTEN_OFF BUSINESS            OB-440103 EQUIPMENT           electronic
1 ASSIGNED    HOME_EQUITY         OB-440103 RESIDENTIAL         vault
1 CANCELLED   HOUSING_NEW         OB-440103 PRESALE_UNIT        expected
1 APPROVED    HOUSING_NEW         OB-440104 PRESALE_UNIT        expected
1 ACTIVE      RURAL_SPECIAL       OB-440184 -                   -
1 ACTIVE      BUSINESS            OB-440103 UNDER_CONSTRUCTION  vault
1 ACTIVE      PLEDGE              OB-440103 DEPOSIT             vault
1 ACTIVE      PLEDGE              OB-440104 TREASURY            vault
1 ACTIVE      PLEDGE              OB-440104 POLICY              vault
1 ACTIVE      PLEDGE              OB-440103 WEALTH              electronic
1 ACTIVE      BUSINESS            OB-440103 EQUITY              vault
1 ACTIVE      BUSINESS            OB-440104 RECEIVABLE          electronic
1 ACTIVE      BUSINESS            OB-440103 WAREHOUSE_RECEIPT   vault
1 ACTIVE      BUSINESS            OB-440104 OTHER               vault
2 ACTIVE      AUTO                OB-440103 VEHICLE             vault
1 OVERDUE     AUTO                OB-440104 VEHICLE             handler
3 ACTIVE      HOUSING_NEW         OB-440103 PRESALE_UNIT        vault
2 ACTIVE      HOUSING_NEW         OB-440103 PRESALE_UNIT        expected
6 ACTIVE      HOUSING_RESALE      OB-440103 RESIDENTIAL         vault
2 ACTIVE      CONSUMER            OB-440104 -                   -
1 ACTIVE      HOME_EQUITY         OB-440104 RESIDENTIAL         pending
1 ACTIVE      HOME_EQUITY         OB-440104 RESIDENTIAL         handler
3 ACTIVE      HOUSING_RESALE      CB-440183 RESIDENTIAL         county
2 ACTIVE      BUSINESS            OB-440184 LAND                county
3 ACTIVE      HOUSING_RESALE      OB-440305 RESIDENTIAL         electronic
1 OVERDUE     HOME_EQUITY         OB-440305 RESIDENTIAL         electronic
1 ACTIVE      HOUSING_NEW         OB-440305 PRESALE_UNIT        expected
"""
READY, RELEASING, COUNTY_READY, ONLINE_READY, FACILITY, CROSSED = 1, 2, 3, 4, 5, 7
SEIZED, ONCE_SEIZED, MISSED = 9, 10, 11
HELD, GRAVE, LATE, SUED = 13, 14, 15, 16
CO_OWNER, THIRD_PARTY = 61, 62  # customers who have no loan

REGISTRY = ("广州市不动产登记中心", "GZ-BDC")
SHARED_REGISTER = ("动产融资统一登记系统", "DC-TYDJ")
PLEDGE_OFFICES = ("出质登记机构", "CZ-DJ")
CERTIFICATES: dict[str, tuple[tuple[str, tuple[str, str]], ...]] = {
    "RESIDENTIAL": (("MORTGAGE_REG_PROOF", REGISTRY), ("REAL_ESTATE_TITLE", REGISTRY)),
    "COMMERCIAL_PROPERTY": (
        ("MORTGAGE_REG_PROOF", REGISTRY),
        ("PROPERTY_INSURANCE", ("样板财产保险有限公司", "PA-06")),
    ),
    "LAND": (("OTHER_RIGHT_LEGACY", REGISTRY), ("LAND_USE_TITLE_LEGACY", REGISTRY)),
    "UNDER_CONSTRUCTION": (("CONSTRUCTION_MORTGAGE", REGISTRY),),
    "PRESALE_UNIT": (
        ("PRE_NOTICE_MORTGAGE", REGISTRY),
        ("PURCHASE_CONTRACT", ("示例置业有限公司", "PA-01")),
    ),
    "VEHICLE": (("VEHICLE_REG", ("广州市车辆管理所", "GZ-CGS")),),
    "DEPOSIT": (("DEPOSIT_RECEIPT", ("示范银行荔湾支行", "OB-440103")),),
    "TREASURY": (("TREASURY_BOND_RECEIPT", ("示范银行越秀支行", "OB-440104")),),
    "POLICY": (("INSURANCE_POLICY_PLEDGE", ("演示人寿保险有限公司", "YS-RS")),),
    "WEALTH": (("WEALTH_PRODUCT_PLEDGE", PLEDGE_OFFICES),),
    "EQUITY": (("EQUITY_PLEDGE_NOTICE", PLEDGE_OFFICES),),
    "RECEIVABLE": (("RECEIVABLE_PLEDGE_REG", SHARED_REGISTER),),
    "WAREHOUSE_RECEIPT": (("WAREHOUSE_RECEIPT", ("示例仓储有限公司", "SL-CC")),),
    "EQUIPMENT": (("MOVABLE_MORTGAGE_REG", SHARED_REGISTER),),
    "OTHER": (("OTHER", ("示例拍卖鉴定公司", "SL-JD")),),
}
KIND_NAMES = {
    **{"RESIDENTIAL": "住宅", "COMMERCIAL_PROPERTY": "商用房", "LAND": "土地"},
    **{"UNDER_CONSTRUCTION": "在建工程", "PRESALE_UNIT": "预售商品房", "VEHICLE": "车辆"},
    **{"DEPOSIT": "存单", "TREASURY": "国债", "POLICY": "保单", "WEALTH": "理财产品"},
    **{"EQUITY": "股权", "RECEIVABLE": "应收账款", "WAREHOUSE_RECEIPT": "仓单"},
    **{"EQUIPMENT": "设备", "OTHER": "其他押品"},
}
BANKS_OWN = {kind[0][0] for kind in CERTIFICATES.values()} - {"VEHICLE_REG", "OTHER"}
PLEDGES = ["DEPOSIT", "TREASURY", "POLICY", "WEALTH", "EQUITY", "RECEIVABLE", "WAREHOUSE_RECEIPT"]
PAPERS: dict[str, Data] = {
    "electronic": {"carrier": "ELECTRONIC", "custody_state": "ELECTRONIC_ON_FILE"},
    "missing": {"custody_state": "MISSING"},
    "out": {"custody_state": "CHECKED_OUT", "holder": "rm-1", "due_date": "2025-06-10"},
    "expected": {"custody_state": "NOT_RECEIVED"},
    "handler": {"custody_state": "WITH_HANDLER", "holder": "handler-1"},
    "pending": {"custody_state": "RECEIVED_PENDING_VAULT", "holder": "keeper-3"},
    "vault": {"custody_state": "IN_VAULT"},
    "county": {"custody_state": "IN_VAULT"},
}
VAULTS = {"vault": "V-4401", "county": "V-440183"}
CABINETS = {"vault": ("A-01", "A-02", "B-01"), "county": ("C-01",)}
SLOTS = [f"{slot:02}" for slot in range(1, 21)]
MANAGERS = {"OB-440104": "rm-3", "OB-440305": "rm-4", "CB-440183": "rm-5", "OB-440184": "rm-5"}
NOTHING_OWED = {"CANCELLED", "APPROVED", "SETTLED", "ASSIGNED", "WRITTEN_OFF"}
BAD: dict[str, Data] = {
    "OVERDUE": {"classification": "SPECIAL_MENTION", "dpd": 37, "penalty": "412.60"},
    "EXTENDED": {"classification": "SPECIAL_MENTION"},
    "IN_LITIGATION": {"classification": "SUBSTANDARD", "dpd": 246, "fees_due": "18600.00"},
    "TRANSFERRED_TO_PRESERVATION": {"classification": "DOUBTFUL", "dpd": 431},
    "WRITTEN_OFF": {"classification": "LOSS", "dpd": 802, "written_off_balance": "386000.00"},
    "ASSIGNED": {"classification": "DOUBTFUL", "encumbered_by": "示例不良资产包"},
}
# The days of the last repayment and of its finality, which no holiday moves.
SETTLED = {READY: ("2025-06-16", "2025-06-17"), RELEASING: ("2025-06-03", "2025-06-04")}
SEARCHES = {
    **dict.fromkeys((READY, COUNTY_READY, ONLINE_READY), "2025-06-20"),
    **dict.fromkeys((CROSSED, SEIZED, ONCE_SEIZED, MISSED, HELD, GRAVE), "2025-06-18"),
    RELEASING: "2025-06-05",
    12: "2025-04-15",
    24: "2024-11-04",
}
