"""A client as a frontend team would write one, and the small bank it works in."""

import hashlib
import itertools
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

SAMPLES = Path(__file__).resolve().parent.parent.parent / "shared" / "samples"
NOON = "2025-06-20T10:00:00+08:00"
_numbers = itertools.count(1)
MADE_TO_FAIL = {"Unavailable", "OperationFailure"}  # by tests that break a storage call
EXECUTED: Counter[str] = Counter()  # operations asked for, "compiled" or why they were not

REFUSALS = "refusals { code ruleId message field detail { name value } }"
CASE = f"case {{ id no state version proofPending settlementProofNos }} {REFUSALS}"

KEEPERS = ("keeper-1", "keeper-2")
ORGS = [
    {"code": "HO", "name": "Head office", "level": "HEAD_OFFICE"},
    {"code": "T1", "name": "Tier 1", "level": "TIER1_BRANCH", "parent": "HO"},
    {"code": "T2", "name": "Tier 2", "level": "TIER2_BRANCH", "parent": "T1"},
    {"code": "LC", "name": "Centre", "level": "LOAN_CENTER", "parent": "T2", "has_vault": True},
    {"code": "OB", "name": "Branch", "level": "OPERATING_BRANCH", "parent": "T2"},
    {"code": "T2X", "name": "Other tier 2", "level": "TIER2_BRANCH", "parent": "T1"},
    {"code": "OBX", "name": "Other branch", "level": "OPERATING_BRANCH", "parent": "T2X"},
    {
        "code": "CB",
        "name": "County",
        "level": "OPERATING_BRANCH",
        "parent": "T2",
        "county": True,
    },
    {
        "code": "CS",
        "name": "County centre",
        "level": "COUNTY_SUBCENTER",
        "parent": "CB",
        "county": True,
    },
]
USERS = {
    "rm-1": ("OB", ["RELATIONSHIP_MANAGER"], []),
    "rm-x": ("OBX", ["RELATIONSHIP_MANAGER"], []),
    "handler-1": ("LC", ["CERT_HANDLER"], []),
    "handler-2": ("LC", ["CERT_HANDLER"], []),
    "registrar-1": ("CS", ["MORTGAGE_REGISTRAR"], []),
    "keeper-1": ("LC", ["VAULT_KEEPER"], ["V1"]),
    "keeper-2": ("LC", ["VAULT_KEEPER"], ["V1"]),
    "keeper-3": ("LC", ["VAULT_KEEPER"], ["V1"]),
    "archivist-1": ("LC", ["ARCHIVIST"], []),
    "approver-lc": ("LC", ["APPROVER"], []),
    "approver-t2": ("T2", ["APPROVER"], []),
    "approver-county": ("CS", ["APPROVER"], []),
    "risk-t2": ("T2", ["RISK_MANAGER"], []),
    "president-1": ("OB", ["PRESIDENT"], []),
    "auditor": ("HO", ["AUDITOR"], []),
    "system": ("HO", ["SYSTEM"], []),
}


@dataclass
class Story:
    """One mortgage under test: the numbers and ids that came up so far."""

    n: int
    loan_no: str
    collateral_no: str
    contract_no: str
    customer_no: str
    credit_no: str
    org: str = "OB"
    collateral_id: str = ""
    dossier_id: str = ""
    certificate_id: str = ""
    cert_no: str = ""
    case_id: str = ""
    files: dict[str, str] = field(default_factory=dict)


def new_story(org: str = "OB") -> Story:
    """Numbers that nothing has yet."""
    n = next(_numbers)
    return Story(
        n=n,
        loan_no=f"TL{n:05}",
        collateral_no=f"TC{n:05}",
        contract_no=f"TG{n:05}",
        customer_no=f"TK{n:05}",
        credit_no=f"TR{n:05}",
        org=org,
    )


class Bank:
    """The server as people of a bank meet it."""

    def __init__(self, address: str) -> None:
        self.address = address
        # Let go of before the server does, after five seconds: it would be closed in mid-request.
        limits = httpx2.Limits(keepalive_expiry=2)
        self.http = httpx2.Client(base_url=address, timeout=60, limits=limits)
        self._tokens: dict[str, str] = {}

    def close(self) -> None:
        self.http.close()

    def token(self, login: str) -> str:
        if login not in self._tokens:
            answer = self.http.post("/demo/token", json={"user": login})
            assert answer.status_code == 200, answer.text
            self._tokens[login] = answer.json()["token"]
        return self._tokens[login]

    def clock(self, now: str | None) -> None:
        assert self.http.post("/demo/clock", json={"now": now}).status_code == 200

    def run_jobs(self) -> dict[str, int]:
        return self.http.post("/demo/run-jobs").json()["jobs"]

    def ask(self, login: str, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer, errors and all."""
        answer = self.http.post(
            "/graphql",
            json={"query": document, "variables": variables},
            headers={
                "authorization": f"Bearer {self.token(login)}",
                "accept": "application/json",
            },
        )
        told: dict[str, Any] = answer.json()
        plan = told.get("extensions", {}).get("plan", {})
        if plan.get("reason") not in MADE_TO_FAIL:
            EXECUTED[plan.get("reason", "compiled")] += 1
        return told

    def query(self, login: str, document: str, **variables: Any) -> Any:
        """The data, where nothing went wrong."""
        answer = self.ask(login, document, **variables)
        assert "errors" not in answer, answer
        return answer["data"]

    def do(
        self,
        login: str,
        name: str,
        input: dict[str, Any],
        select: str = REFUSALS,
        *,
        key: str | None = None,
        version: int | None = None,
    ) -> Any:
        """A mutation's payload; the input's type is asked of the schema."""
        type_name = self._input_type(name)
        document = (
            f"mutation($input: {type_name}!, $key: String, $version: Int) {{ {name}("
            f"input: $input, idempotencyKey: $key, expectedVersion: $version) {{ {select} }} }}"
        )
        return self.query(login, document, input=input, key=key, version=version)[name]

    def done(self, login: str, name: str, input: dict[str, Any], select: str = REFUSALS) -> Any:
        """A mutation that must succeed."""
        payload = self.do(login, name, input, select)
        assert payload["refusals"] == [], (name, payload)
        return payload

    def error_code(self, login: str, name: str, input: dict[str, Any]) -> str:
        """The code of the top-level error that a mutation must end in."""
        type_name = self._input_type(name)
        document = f"mutation($i: {type_name}!) {{ {name}(input: $i) {{ {REFUSALS} }} }}"
        return self.ask(login, document, i=input)["errors"][0]["extensions"]["code"]

    def load(self, *lines: tuple[str, Any], all_taken: bool = True) -> list[Any]:
        """Lines through the feed, with their answers."""
        body = "\n".join(json.dumps({"kind": kind, "data": data}) for kind, data in lines)
        answer = self.http.post(
            "/import",
            content=body.encode(),
            headers={"authorization": f"Bearer {self.token('core-feed')}"},
        )
        assert answer.status_code == 200, answer.text
        answers = [json.loads(line) for line in answer.text.splitlines()]
        if all_taken:
            assert all(told["status"] != "REJECTED" for told in answers), answers
        return answers

    def open_branch(self) -> None:
        """The bank: organisations, people, a vault."""
        self.clock(NOON)
        self.load(
            *(("Org", org) for org in ORGS),
            ("Vault", _vault()),
            *(("User", user_line(login, *facts)) for login, facts in USERS.items()),
        )

    def mortgage(self, *, org: str = "OB", **loan: Any) -> Story:
        """The facts of a new mortgage: one loan, one home, one contract; still owed."""
        story = new_story(org)
        self.load(
            ("Customer", customer(story)),
            ("CreditContract", credit(story)),
            ("Loan", loan_line(story, **loan)),
            ("Collateral", collateral(story)),
            ("GuaranteeContract", guarantee(story)),
        )
        found = self.query(
            "auditor",
            "query($c: String!, $l: String!) { collateral(no: $c) { id }"
            " dossier(loanNo: $l) { id } }",
            c=story.collateral_no,
            l=story.loan_no,
        )
        story.collateral_id = found["collateral"]["id"]
        story.dossier_id = found["dossier"]["id"]
        return story

    def settle(self, story: Story, on: str = "2025-06-18", **facts: Any) -> None:
        """The loan is paid in full and the registry was looked into."""
        self.load(
            ("Loan", loan_line(story, **settled(on), **facts)),
            ("TitleSearch", search(story, "CLEAR", "2025-06-20")),
        )

    def expect(self, story: Story, cert_type: str = "MORTGAGE_REG_PROOF", **more: Any) -> str:
        payload = self.done(
            "handler-1",
            "certificateRegisterExpected",
            {"certType": cert_type, "collateralIds": [story.collateral_id], **more},
            f"certificate {{ id }} {REFUSALS}",
        )
        return payload["certificate"]["id"]

    def collect(self, story: Story, *, pages: int = 1) -> None:
        """Expected and collected by handler-1."""
        story.certificate_id = self.expect(story)
        story.cert_no = f"粤（2025）广州市不动产证明第{story.n:08}号"
        self.done("handler-1", "certificateCollect", collected(story, pages=pages))

    def upload(
        self,
        login: str,
        story: Story,
        doc_type: str,
        content: bytes,
        mime: str = "application/pdf",
        **more: Any,
    ) -> str:
        """Asked, sent and completed; the version's id."""
        asked = self.done(
            login,
            "fileRequestUpload",
            upload_input(story, doc_type, content, mime, **more),
            f"fileVersion {{ id }} upload {{ url method }} {REFUSALS}",
        )
        sent = httpx2.put(asked["upload"]["url"], content=content)
        assert sent.status_code == 200, sent.text
        version_id = asked["fileVersion"]["id"]
        self.done(login, "fileCompleteUpload", {"fileVersionId": version_id})
        return version_id

    def accepted(self, story: Story, doc_type: str, login: str = "handler-1", **more: Any) -> str:
        """A file that the archivist took in."""
        version_id = self.upload(login, story, doc_type, pdf(f"{doc_type} {story.n}"), **more)
        self.done("archivist-1", "fileAccept", {"fileVersionId": version_id})
        return version_id

    def scan(self, story: Story) -> str:
        return self.accepted(story, "CERT_SCAN", certificateId=story.certificate_id)

    def hand_to_vault(self, story: Story, desk: str = "V1", receiver: str = "keeper-3") -> str:
        """Handed over and accepted at the vault's desk."""
        handed = self.done(
            "handler-1",
            "handoverInitiate",
            {"certificateIds": [story.certificate_id], "desk": desk},
            f"handover {{ id }} {REFUSALS}",
        )
        handover_id = handed["handover"]["id"]
        self.done(
            receiver,
            "handoverAcceptItem",
            {"handoverId": handover_id, "certificateId": story.certificate_id},
        )
        return handover_id

    def vault(
        self,
        story: Story,
        place: dict[str, Any] | None = None,
        keepers: tuple[str, str] = KEEPERS,
    ) -> dict[str, Any]:
        """Proposed by one keeper, confirmed by the other."""
        plan = place or vault_plan(story)
        proposed = self.done(
            keepers[0],
            "certificateVaultInPropose",
            plan,
            f"proposal {{ id }} {REFUSALS}",
        )
        self.done(
            keepers[1],
            "certificateVaultInConfirm",
            {"proposalId": proposed["proposal"]["id"], "vaultIn": plan},
        )
        return plan

    def waiting(self, *, desk: str = "V1", receiver: str = "keeper-3", **loan: Any) -> Story:
        """A mortgage whose certificate, scanned, waits at the vault's desk."""
        story = self.mortgage(**loan)
        self.collect(story)
        self.scan(story)
        self.hand_to_vault(story, desk=desk, receiver=receiver)
        return story

    def vaulted(self, **loan: Any) -> Story:
        """A mortgage whose certificate lies in the vault."""
        story = self.waiting(**loan)
        self.vault(story)
        return story

    def open_case(self, story: Story, mode: str = "BANK", **more: Any) -> str:
        payload = self.done(
            "handler-1",
            "deregistrationCaseOpen",
            {
                "collateralId": story.collateral_id,
                "handlingMode": mode,
                "applicant": {"owners": [story.customer_no]},
                **more,
            },
            CASE,
        )
        story.case_id = payload["case"]["id"]
        return story.case_id

    def attach(self, story: Story, *codes: str) -> None:
        for code in codes:
            version_id = self.accepted(story, code, caseId=story.case_id)
            self.done(
                "handler-1",
                "deregistrationCaseAttachDocument",
                {"caseId": story.case_id, "code": code, "fileVersionId": version_id},
            )
            story.files[code] = version_id

    def submit(self, story: Story) -> Any:
        return self.do("handler-1", "deregistrationCaseSubmit", {"caseId": story.case_id}, CASE)

    def approve(self, story: Story, login: str = "approver-lc") -> Any:
        return self.do(login, "deregistrationCaseDecide", {"caseId": story.case_id}, CASE)

    def approved(self, mode: str = "BANK", **loan: Any) -> Story:
        """A settled mortgage whose release is approved."""
        story = self.vaulted(**loan)
        self.settle(story)
        self.open_case(story, mode)
        self.attach(story, "DEREG_APPLICATION", "OWNER_ID")
        assert self.submit(story)["refusals"] == []
        assert self.approve(story)["refusals"] == []
        return story

    def vault_out_propose(self, story: Story, login: str = KEEPERS[0]) -> Any:
        return self.do(
            login,
            "deregistrationCaseVaultOutPropose",
            {"caseId": story.case_id, "vault": "V1"},
            f"proposal {{ id }} case {{ state }} {REFUSALS}",
        )

    def vault_out(self, story: Story) -> Any:
        proposed = self.vault_out_propose(story)
        assert proposed["refusals"] == [], proposed
        return self.vault_out_confirm(story, proposed["proposal"]["id"])

    def vault_out_confirm(self, story: Story, proposal_id: str) -> Any:
        return self.do(
            KEEPERS[1],
            "deregistrationCaseVaultOutConfirm",
            {
                "proposalId": proposal_id,
                "vaultOut": {"caseId": story.case_id, "vault": "V1"},
            },
            CASE,
        )

    def certificate(self, story: Story, select: str = "custodyState legalState version") -> Any:
        return self.query(
            "auditor",
            f"query($id: ID!) {{ certificate(id: $id) {{ {select} }} }}",
            id=story.certificate_id,
        )["certificate"]

    def case(self, story: Story, select: str = "state version") -> Any:
        return self.query(
            "auditor",
            f"query($id: ID!) {{ deregistrationCase(id: $id) {{ {select} }} }}",
            id=story.case_id,
        )["deregistrationCase"]

    def _input_type(self, name: str) -> str:
        if not hasattr(self, "_types"):
            answer = self.query(
                "core-feed",
                "{ __schema { mutationType { fields { name args { name type { ofType { name }"
                " } } } } } }",
            )
            self._types = {
                one["name"]: one["args"][0]["type"]["ofType"]["name"]
                for one in answer["__schema"]["mutationType"]["fields"]
            }
        return self._types[name]


def codes(payload: dict[str, Any]) -> list[str]:
    """The codes of a payload's refusals."""
    return [refusal["code"] for refusal in payload["refusals"]]


def pdf(text: str) -> bytes:
    """A small whole PDF of one page."""
    body = b"%PDF-1.4\n"
    offsets = []
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Note (%s) >>" % text.encode(),
    ]
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(body)
    body += b"xref\n0 4\n0000000000 65535 f \n"
    body += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return body + b"trailer << /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start


def upload_input(
    story: Story, doc_type: str, content: bytes, mime: str, **more: Any
) -> dict[str, Any]:
    return {
        "dossierId": story.dossier_id,
        "docType": doc_type,
        "title": f"{doc_type} of {story.loan_no}",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "mime": mime,
        **more,
    }


def vault_plan(story: Story, **changes: Any) -> dict[str, Any]:
    return {
        "certificateIds": [story.certificate_id],
        "vault": "V1",
        "cabinet": "A",
        "slot": f"{story.n:03}",
        "packetNo": f"P{story.n:05}",
        "sealNo": f"S{story.n:05}",
        **changes,
    }


def collected(story: Story, **changes: Any) -> dict[str, Any]:
    return {
        "certificateId": story.certificate_id,
        "paper": {
            "certNo": story.cert_no,
            "issuer": "广州市规划和自然资源局",
            "issueDate": "2025-06-01",
            "rightHolder": "某银行广州分行",
            "rightAmount": "1000000.00",
            "pages": 1,
            **changes,
        },
    }


def customer(story: Story) -> dict[str, Any]:
    return {
        "no": story.customer_no,
        "type": "INDIVIDUAL",
        "name": "张三丰",
        "id_no": f"44010019800101{story.n:04}",
        "phones": ["13800138000"],
        "managing_org": story.org,
        "managers": ["rm-1"],
    }


def credit(story: Story, **facts: Any) -> dict[str, Any]:
    return {"no": story.credit_no, "customer": story.customer_no, "org": story.org, **facts}


def loan_line(story: Story, **facts: Any) -> dict[str, Any]:
    return {
        "loan_no": story.loan_no,
        "contract": story.credit_no,
        "customer": story.customer_no,
        "product": "HOUSING_RESALE",
        "status": "ACTIVE",
        "principal_amount": "1000000.00",
        "balance": "1000000.00",
        "disbursed_at": "2025-05-20",
        "operating_org": story.org,
        "managers": ["rm-1"],
        **facts,
    }


def settled(on: str = "2025-06-18") -> dict[str, Any]:
    return {
        "status": "SETTLED",
        "balance": "0.00",
        "settled_at": on,
        "settlement_channel": "OWN_ACCOUNT",
    }


def collateral(story: Story, **facts: Any) -> dict[str, Any]:
    return {
        "no": story.collateral_no,
        "kind": "RESIDENTIAL",
        "name": "Home",
        "owners": [{"party": story.customer_no, "share": "1"}],
        "org": story.org,
        **facts,
    }


def guarantee(story: Story, **facts: Any) -> dict[str, Any]:
    return {
        "no": story.contract_no,
        "credit_contract": story.credit_no,
        "kind": "MORTGAGE",
        "secured_loans": [story.loan_no],
        "links": [{"collateral": story.collateral_no, "secured_amount": "1000000.00"}],
        "org": story.org,
        **facts,
    }


def search(story: Story, result: str, on: str, no: str | None = None) -> dict[str, Any]:
    return {
        "no": no or f"TS{story.n:05}-{on}-{result}",
        "collateral": story.collateral_no,
        "searched_on": on,
        "result": result,
    }


def user_line(login: str, org: str, roles: list[str], vaults: list[str]) -> dict[str, Any]:
    return {
        "login": login,
        "name": login,
        "org": org,
        "roles": [{"role": role} for role in roles],
        "vaults": vaults,
    }


def cabinets(*names: str) -> list[dict[str, Any]]:
    """Cabinets of 999 slots each; a line of the feed takes half as many."""
    return [
        {"cabinet": name, "slots": [f"{number:03}" for number in half]}
        for name in names
        for half in (range(1, 500), range(500, 1_000))
    ]


def _vault() -> dict[str, Any]:
    return {"code": "V1", "name": "Vault", "org": "LC", "cabinets": cabinets("A", "B")}
