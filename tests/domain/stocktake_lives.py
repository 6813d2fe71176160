"""Random lives of stock-takes: opened, counted by two, compared, and what became of differences."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from domain.certificates import CustodyState, Holder
from domain.custody import Movement
from domain.dual_control import ProposalState
from domain.stocktake_results import (
    compared,
    disputes,
    finalised,
    finalising_refusals,
    found_again,
    has_moved_on,
    home_of,
    missing_refusals,
    overdue,
    resolution_refusals,
    resolve_due,
    resolved,
    surplus_ids,
    to_recount,
)
from domain.stocktakes import (
    CountedPaper,
    Counter,
    CountPlace,
    CountResult,
    CountSheet,
    Stocktake,
    StocktakeKind,
    StocktakeState,
    counted,
    counting_refusals,
    opening_refusals,
    snapshot,
    still_open,
)
from domain.vaults import VaultStatus
from domain.watch import Incident, IncidentKind, SignalSeverity, SubjectKind
from tests.domain.builders import CALENDAR, PLACE, POLICY, codes
from tests.domain.check_out_lives import CheckOutLives
from tests.domain.small_bank import KEEPS, PAPERS

VAULTS = st.sampled_from(sorted(KEEPS))
SOME = st.sets(st.sampled_from(sorted(PAPERS)))
FIRST = st.sampled_from([0, 1, 1, 1])  # of those who keep a vault
SECOND = st.sampled_from([None, 1, 2, 2, 2])  # who confirms at once, if anybody
STRANGERS = ("counter-1", "counter-2")
KINDS = st.sampled_from(StocktakeKind)
AFTER = st.sampled_from(["nothing", "resolve", *["missing"] * 3])


class StocktakeLives(CheckOutLives):
    """What happens while and after a vault is counted."""

    @precondition(lambda self: self._are(CustodyState.IN_VAULT))
    @rule(
        vault=VAULTS,
        kind=KINDS,
        strangers=st.booleans(),
        unseen=st.one_of(st.none(), SOME, SOME, SOME),
        extra=SOME,
        after=AFTER,
    )
    def count_vault(self, vault, kind, strangers, unseen, extra, after):
        """Opened; where something was unseen or extra, also counted and brought to its end."""
        stocktake = self._open(vault, kind, STRANGERS if strangers else KEEPS[vault][1:])
        if stocktake is not None and unseen is not None:
            self._count_whole(stocktake, unseen, extra, after)

    def _count_whole(self, stocktake, unseen, extra, after):
        self._count(stocktake.id, unseen, extra, agree=True)
        self._finalise(stocktake.id)
        for line in self.bank.stocktakes[stocktake.id].results if after != "nothing" else ():
            self._end_line(stocktake.id, line, missing=after == "missing")

    @precondition(lambda self: self.bank.stocktakes)
    @rule(data=st.data(), unseen=SOME, extra=SOME, agree=st.booleans())
    def go_on_counting(self, data, unseen, extra, agree):
        stocktake = self._stocktake(data)
        self._count(stocktake.id, unseen, extra, agree=agree)
        self._finalise(stocktake.id)

    @precondition(lambda self: self.bank.stocktakes)
    @rule(data=st.data())
    def give_count_up(self, data):
        stocktake = self._stocktake(data)
        if still_open(stocktake, "CANCEL") is None:
            self._end(replace(stocktake, state=StocktakeState.CANCELLED))

    @precondition(lambda self: self.bank.stocktakes)
    @rule(data=st.data(), missing=st.booleans(), by=st.sampled_from(["supervisor", "keeper-2"]))
    def end_difference(self, data, missing, by):
        stocktake = self._stocktake(data)
        if stocktake.results:
            line = data.draw(st.sampled_from(stocktake.results))
            self._end_line(stocktake.id, line, missing=missing, by=by)

    @precondition(lambda self: self.bank.stocktakes)
    @rule()
    def give_up_in_the_morning(self):
        """What the clock does with differences that nobody resolved (X20)."""
        bank = self.bank
        for stocktake in list(bank.stocktakes.values()):
            if bank.vaults[stocktake.vault].status is not VaultStatus.OPEN:
                continue
            for line in overdue(stocktake, today=bank.today):
                assert line.certificate_id is not None
                if not has_moved_on(bank.papers[line.certificate_id], stocktake.vault):
                    self._miss(line.certificate_id, ["SYSTEM"])
                self._resolve(stocktake.id, line, "SYSTEM")

    def _open(self, vault, kind, counters):
        bank = self.bank
        people = [Counter(login=c, reaches=True, keeps=c in KEEPS[vault]) for c in counters]
        if codes(opening_refusals(bank.vaults[vault], kind, people)):
            return None
        for proposal in list(bank.proposals.values()):
            if proposal.state is ProposalState.PENDING and proposal.vault == vault:
                bank.end(proposal, ProposalState.WITHDRAWN)
        inside = [p for p in bank.papers.values() if p.place is not None and p.place.vault == vault]
        id = bank.number("ST")
        bank.vaults[vault] = replace(bank.vaults[vault], status=VaultStatus.FROZEN_FOR_COUNT)
        bank.stocktakes[id] = Stocktake(
            id=id,
            no=id,
            vault=vault,
            kind=kind,
            opened_by="supervisor",
            opened_at=bank.now,
            expected=snapshot(inside, list(bank.packets.values())),
            sheets=tuple(CountSheet(counter=login) for login in counters),
            **PLACE,
        )
        return bank.stocktakes[id]

    def _count(self, id, unseen, extra, *, agree):
        """Each tells what is there; one overlooks a paper where they shall not agree."""
        bank = self.bank
        for sheet in bank.stocktakes[id].sheets:
            stocktake = bank.stocktakes[id]
            expected = {p.certificate_id: p.place for p in stocktake.expected}
            seen = {one: place for one, place in expected.items() if one not in unseen}
            for one in sorted(extra - expected.keys()):
                seen[one] = CountPlace(cabinet="A-01", slot="01")
            if not agree and sheet is stocktake.sheets[0]:
                seen = dict(list(seen.items())[1:])
            papers = [self._as_counted(one, place) for one, place in seen.items()]
            keeps = sheet.counter in KEEPS[stocktake.vault]
            refused = counting_refusals(stocktake, papers, counter=sheet.counter, keeps=keeps)
            if not codes(refused):
                bank.stocktakes[id] = counted(
                    stocktake, papers, counter=sheet.counter, complete=True
                )

    def _as_counted(self, id, place):
        paper = self.bank.papers[id]
        return CountedPaper(
            certificate_id=id, cert_no=paper.label, place=place, seal_intact=True, pages=paper.pages
        )

    def _finalise(self, id):
        bank = self.bank
        stocktake = bank.stocktakes[id]
        if codes(finalising_refusals(stocktake)):
            return
        if disputes(stocktake):
            bank.stocktakes[id] = to_recount(stocktake)
            return
        homes = {one: home_of(bank.papers[one]) for one in surplus_ids(stocktake)}
        after = finalised(
            stocktake,
            tuple(compared(stocktake, homes)),
            by="supervisor",
            now=bank.now,
            resolve_due=resolve_due(bank.today, policy=POLICY, calendar=CALENDAR),
        )
        for earlier in list(bank.stocktakes.values()):
            if earlier.vault == after.vault and earlier.open_difference_count:
                bank.stocktakes[earlier.id] = found_again(earlier, after)
        self._end(after)

    def _end(self, stocktake):
        bank, vault = self.bank, stocktake.vault
        bank.stocktakes[stocktake.id] = stocktake
        bank.vaults[vault] = replace(bank.vaults[vault], status=VaultStatus.OPEN)

    def _end_line(self, id, line, *, missing, by="supervisor"):
        stocktake = self.bank.stocktakes[id]
        keeps = by in KEEPS[stocktake.vault]
        if codes(resolution_refusals(stocktake, line, reason="life", by=by, keeps=keeps)):
            return
        if missing:
            paper = self.bank.papers.get(line.certificate_id)
            if codes(missing_refusals(line, paper, vault=self.bank.vaults[stocktake.vault])):
                return
            self._miss(line.certificate_id, [by])
        self._resolve(id, line, by)

    def _resolve(self, id, line, by):
        self.bank.stocktakes[id] = resolved(
            self.bank.stocktakes[id], line.no, by=by, now=self.bank.now, resolution="life"
        )

    def _miss(self, id, people):
        """X20: out of its packet, into somebody's hands who asks where it is."""
        bank = self.bank
        paper = bank.unproposed(bank.papers[id])
        bank.lose_sight_of(id)
        holder = Holder(login="supervisor", since=bank.now)
        missing = CustodyState.MISSING
        bank.move(paper, Movement.MARK_MISSING, missing, people, place=None, holder=holder)
        self._notice(paper, IncidentKind.MISSING)

    def _notice(self, paper, kind):
        """Something is known to be wrong with it; its first discovery counts."""
        bank = self.bank
        bank.incidents.setdefault(
            paper.id,
            Incident(
                id=bank.number("IN"),
                no=paper.id,
                kind=kind,
                severity=SignalSeverity.RED,
                subject_kind=SubjectKind.CERTIFICATE,
                subject=paper.id,
                discovered_at=bank.now,
                **PLACE,
            ),
        )

    def _packet(self, data):
        """Of a paper in a vault."""
        place = self.bank.papers[self._pick(data, CustodyState.IN_VAULT)].place
        return place.packet_no

    def _stocktake(self, data):
        newest = list(self.bank.stocktakes.values())[-2:]
        return data.draw(st.sampled_from(newest))

    @invariant()
    def a_vault_stands_still_exactly_while_it_is_counted(self):
        bank = self.bank
        open_ones = [s for s in bank.stocktakes.values() if s.state is StocktakeState.OPEN]
        for vault in bank.vaults.values():
            counts = [one for one in open_ones if one.vault == vault.code]
            assert (vault.status is VaultStatus.FROZEN_FOR_COUNT) is (len(counts) == 1)
            for one in counts:
                here = [p for p in bank.papers.values() if p.place and p.place.vault == one.vault]
                seen = snapshot(here, list(bank.packets.values()))
                assert seen == one.expected

    @invariant()
    def differences_are_never_netted(self):
        for one in self.bank.stocktakes.values():
            if one.state is not StocktakeState.FINALISED:
                continue
            wrong = [line for line in one.results if line.result is not CountResult.MATCH]
            missing = sum(line.result is CountResult.MISSING for line in wrong)
            surplus = sum(line.result is CountResult.SURPLUS for line in wrong)
            assert one.difference_count == len(wrong)
            assert one.counted_count == len(one.expected) - missing + surplus
            assert one.open_difference_count == sum(line.is_open for line in one.results)
