"""What a race needs: many stories at the same point, a start at once, and the order of commits."""

import math
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bson.timestamp import Timestamp
from pymongo import MongoClient

from tests.api.test_races import at_once
from tests.client import (
    CASE,
    REFUSALS,
    Bank,
    Story,
    codes,
    collateral,
    credit,
    customer,
    guarantee,
    loan_line,
    new_story,
    search,
    settled,
    user_line,
)

RACES = int(os.environ.get("RACES", "2"))
LONG = 50  # races from which on each side has to win some
AT_SUBMIT = ("DEREG_APPLICATION", "OWNER_ID")
OF_A_PART = ("VALUATION_REPORT", "SUPPLEMENT_AGREEMENT")
AT_FILING = ("MORTGAGE_CANCEL_CONSENT", "REGISTRY_APPLICATION")
SLOTS, A_SLOT = 100, 100  # places, packets of each
AT_A_TIME = 50  # stories of one request
STEP_S = 0.01  # by which the start moves in favour of who lost
MAX_LEAD_S = 1.0


class Starter:
    """Starts two works together, and who lost the last time a little earlier.

    Who loses again and again starts twice as much earlier each time. So a race whose two sides are
    of unequal length stays one.
    """

    def __init__(self) -> None:
        self.lead = 0.0  # seconds by which the first starts before the second
        self._step = STEP_S

    def run(self, first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Any, Any]:
        """The answers of both."""
        line = threading.Barrier(2)

        def started(work: Callable[[], Any], wait: float) -> Any:
            line.wait()
            if wait > 0:
                time.sleep(wait)
            return work()

        one, other = at_once(lambda: started(first, -self.lead), lambda: started(second, self.lead))
        return one, other

    def favour(self, *, first: bool) -> None:
        """Lets that side start a little earlier from now on."""
        again = first is (self._step > 0)
        self._step = self._step * 2 if again else math.copysign(STEP_S, -self._step)
        self.lead = max(-MAX_LEAD_S, min(MAX_LEAD_S, self.lead + self._step))


class Commits:
    """The order in which decisions were committed, as the database has written it down (oplog).

    A decision is known by the event it keeps for an entity that it changed: whose, and by what.
    """

    def __init__(self, client: MongoClient[Any]) -> None:
        self._client, self._oplog = client, client["local"]["oplog.rs"]
        self._since = Timestamp(0, 0)

    def begin(self) -> None:
        """Forgets what was committed before."""
        last = self._oplog.find({}, {"ts": 1}).sort("$natural", -1).limit(1)[0]
        self._since = last["ts"]

    def of(self, *events: tuple[str, str]) -> list[str]:
        """The causes of those events alone, in the order of their commits."""
        return [event[1] for event in self.since() if event in events]

    def since(self) -> list[tuple[str, str]]:
        """Entity and cause of every event since `begin`, in the order of their commits."""
        entries = self._oplog.find({"ts": {"$gt": self._since}, "o.applyOps": {"$exists": True}})
        return [
            (change["o"]["aggregate_id"], change["o"]["cause"])
            for entry in entries
            for change in entry["o"]["applyOps"]
            if change["op"] == "i" and change["ns"].endswith(".outbox")
        ]

    def aborted(self) -> int:
        """Transactions that were given up so far, most of them because another came first."""
        counted: int = self._client.admin.command("serverStatus")["transactions"]["totalAborted"]
        return counted


@dataclass
class Ground:
    """A vault of its own with two keepers."""

    bank: Bank
    vault: str
    keepers: tuple[str, str]

    def stories(self, count: int, *, part: bool = False, submitted: bool = True) -> list[Story]:
        """Mortgages whose paper lies in the vault: settled; or owing, with another flat beside.

        Each half of what secures a debt in part carries it alone. submitted: with a case that was
        taken over as submitted; otherwise with none.
        """
        stories = [new_story() for _ in range(count)]
        for start in range(0, count, AT_A_TIME):
            some = stories[start : start + AT_A_TIME]
            lines = [line for story in some for line in self._lines(story, part, submitted)]
            named = [data.get("no") or data.get("cert_no") for _, data in lines]
            told = self.bank.load(*lines)
            ids = dict(zip(named, (answer["id"] for answer in told), strict=True))
            for story in some:
                story.collateral_id = ids[story.collateral_no]
                story.certificate_id = ids[story.cert_no]
                story.case_id = ids.get(f"DR-{story.n}", "")
        return stories

    def _lines(self, story: Story, part: bool, submitted: bool) -> list[tuple[str, Any]]:
        story.cert_no = f"RACE-{story.n:05}"
        lines = [*_facts(story, part=part), _paper(story, self.vault)]
        if part:
            lines.append(_paper(story, self.vault, beside(story)))
        if submitted:
            lines.append(_case(story, part=part))
        return lines

    def tell(self, line: tuple[str, Any]) -> Any:
        """The feed's answer to one line."""
        return self.bank.load(line, all_taken=False)[0]

    def attach(self, story: Story, *names: str) -> None:
        """Files of those types, shown to the case."""
        for name in names:
            given = {
                "caseId": story.case_id,
                "code": name,
                "fileVersionId": self.shown(story, name),
            }
            self.bank.done("handler-1", "deregistrationCaseAttachDocument", given)

    def shown(self, story: Story, name: str) -> str:
        """An accepted file of that type in the loan's dossier, one a type."""
        if not story.dossier_id:
            asked = "query($no: String!) { dossier(loanNo: $no) { id } }"
            found = self.bank.query("auditor", asked, no=story.loan_no)
            story.dossier_id = found["dossier"]["id"]
        if name not in story.files:
            story.files[name] = self.bank.accepted(story, name)
        return story.files[name]

    def opened(self, story: Story, *, part: bool = False) -> Story:
        """A case that is ready to be submitted, or that was taken over so."""
        if not story.case_id:
            self.bank.open_case(story, kind="PARTIAL_RELEASE" if part else "FULL_SETTLEMENT")
        self.attach(story, *AT_SUBMIT, *(OF_A_PART if part else ()))
        return story

    def approved(self, story: Story, *, part: bool = False) -> Story:
        """A case that waits for its papers to leave the vault."""
        taken_over = bool(story.case_id)
        self.opened(story, part=part)
        assert taken_over or codes(self.bank.submit(story)) == []
        for login in ("approver-lc", "approver-t2") if part else ("approver-lc",):
            assert codes(self.bank.approve(story, login)) == []
        return story

    def propose(self, story: Story, login: str | None = None) -> Any:
        return self.bank.do(
            login or self.keepers[0],
            "deregistrationCaseVaultOutPropose",
            {"caseId": story.case_id, "vault": self.vault},
            f"proposal {{ id }} {REFUSALS}",
        )

    def proposed(self, story: Story) -> str:
        """The id of a vault-out that waits for its second keeper."""
        told = self.propose(story)
        assert codes(told) == [], told
        found: str = told["proposal"]["id"]
        return found

    def confirm(self, story: Story, proposal_id: str, login: str | None = None) -> Any:
        given = {"caseId": story.case_id, "vault": self.vault}
        return self.bank.do(
            login or self.keepers[1],
            "deregistrationCaseVaultOutConfirm",
            {"proposalId": proposal_id, "vaultOut": given},
            CASE,
        )

    def taken_out(self, story: Story) -> Story:
        """A case that is ready to be filed."""
        assert codes(self.confirm(story, self.proposed(story))) == []
        self.attach(story, *AT_FILING)
        return story

    def file(self, story: Story, number: str = "") -> Any:
        given = {
            "caseId": story.case_id,
            "authority": "广州不动产登记中心",
            "acceptanceNo": number or f"R-{story.n}",
        }
        return self.bank.do("handler-1", "deregistrationCaseFile", given, CASE)

    def record(self, story: Story, status: str, **more: Any) -> Any:
        given = {"caseId": story.case_id, "status": status, **more}
        return self.bank.do("handler-1", "deregistrationCaseRecordRegistry", given)


def report(pair: str, wins: Counter[str], aborted: int, *, sides: int = 2) -> None:
    """A line that says how the races of a pair went; of many, each side won some."""
    counts = ", ".join(f"{name} first {count}" for name, count in sorted(wins.items()))
    sys.stdout.write(f"\n{pair}: {wins.total()} races, {counts}; {aborted} given up on the way\n")
    assert wins.total() < LONG or len(wins) == sides, "not a race"


def a_ground(bank: Bank, vault: str) -> Ground:
    """A new vault and its keepers."""
    keepers = (f"{vault}-keeper-1", f"{vault}-keeper-2")
    slots = [f"{number:03}" for number in range(SLOTS)]
    line = {"code": vault, "name": vault, "org": "LC"}
    bank.load(
        ("Vault", {**line, "cabinets": [{"cabinet": "A", "slots": slots, "capacity": A_SLOT}]}),
        *(("User", user_line(login, "LC", ["VAULT_KEEPER"], [vault])) for login in keepers),
    )
    return Ground(bank=bank, vault=vault, keepers=keepers)


def beside(story: Story) -> str:
    """Number of the other flat under the same contract."""
    return f"{story.collateral_no}B"


def valued(no: str, yuan: str, on: str = "2025-06-01") -> tuple[str, Any]:
    """A valuation of a collateral."""
    number = f"VA-{no}-{yuan}-{on}"
    return "Valuation", {"no": number, "collateral": no, "value": yuan, "value_date": on}


def _facts(story: Story, *, part: bool) -> list[tuple[str, Any]]:
    loan = {"balance": "700000.00"} if part else settled()
    flats = [story.collateral_no, beside(story)] if part else [story.collateral_no]
    links = [{"collateral": no, "secured_amount": "1000000.00"} for no in flats]
    return [
        ("Customer", customer(story)),
        ("CreditContract", credit(story)),
        ("Loan", loan_line(story, **loan)),
        *(("Collateral", collateral(story, no=no)) for no in flats),
        ("GuaranteeContract", guarantee(story, links=links)),
        *(
            ("TitleSearch", search(story, "CLEAR", "2025-06-20", f"TS-{no}") | {"collateral": no})
            for no in flats
        ),
        *(valued(no, "1000000.00") for no in flats if part),
    ]


def _paper(story: Story, vault: str, collateral_no: str | None = None) -> tuple[str, Any]:
    number = story.cert_no if collateral_no is None else f"{story.cert_no}B"
    place = {"vault": vault, "cabinet": "A", "slot": f"{story.n % SLOTS:03}"}
    return "Certificate", {
        "cert_type": "MORTGAGE_REG_PROOF",
        "cert_no": number,
        "issuer": "广州市规划和自然资源局",
        "issue_date": "2025-06-01",
        "right_holder": "某银行广州分行",
        "collaterals": [collateral_no or story.collateral_no],
        "custody_state": "IN_VAULT",
        "place": place | {"packet_no": f"PR-{number}", "seal_no": f"SR-{number}"},
    }


def _case(story: Story, *, part: bool) -> tuple[str, Any]:
    return "DeregistrationCase", {
        "no": f"DR-{story.n}",
        "collateral": story.collateral_no,
        "kind": "PARTIAL_RELEASE" if part else "FULL_SETTLEMENT",
        "opened_by": "handler-1",
        "handler": "handler-1",
        "applicants": [story.customer_no],
        "submitted_on": "2025-06-20",
    }
