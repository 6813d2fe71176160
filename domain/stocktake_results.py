"""What a stock-take (盘库) found: agreement of the counters, differences and their end.

Source: CUS-18, X20. Differences are counted gross: one missing and one too many are two.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from itertools import count
from types import MappingProxyType

from domain.calendar import WorkCalendar
from domain.certificates import CustodyState, TitleCertificate
from domain.custody import Movement, illegal
from domain.policy import Policy
from domain.refusals import Refusal, RefusalCode, invalid, state_conflict
from domain.stocktakes import (
    CountedPaper,
    CountLine,
    CountResult,
    ExpectedPaper,
    Stocktake,
    StocktakeState,
    still_open,
)
from domain.vaults import SealedPacket, Vault, frozen, seal_broken

MAX_RECOUNTS_TOLD = 100  # refusals in one answer; the papers beyond are recounted as well


def finalising_refusals(stocktake: Stocktake) -> Iterator[Refusal | None]:
    """A count is compared once both counters have said that they are done."""
    yield still_open(stocktake, "FINALISE")
    for sheet in stocktake.sheets:
        if not sheet.complete:
            yield state_conflict(
                "CUS-18",
                subject=f"The count of {sheet.counter}",
                state="incomplete",
                event="FINALISE",
            )


def disputes(stocktake: Stocktake) -> list[Refusal]:
    """Papers on which the two counters differ: which, and in what, never who saw which."""
    first, second = ({paper.key: paper for paper in sheet.papers} for sheet in stocktake.sheets)
    found = []
    for key in sorted(first.keys() | second.keys()):
        one, other = first.get(key), second.get(key)
        fields = _differing(one, other)
        if fields:
            paper = one or other
            assert paper is not None
            found.append(
                Refusal(
                    code=RefusalCode.COUNT_DIFFERS,
                    rule_id="CUS-18",
                    detail={"paper": paper.cert_no, "fields": ", ".join(fields)},
                )
            )
    return found


def to_recount(stocktake: Stocktake) -> Stocktake:
    """The stock-take with every disputed paper off both sheets, which are open again."""
    first, second = ({paper.key: paper for paper in sheet.papers} for sheet in stocktake.sheets)
    agreed = {
        key for key in first.keys() & second.keys() if not _differing(first[key], second[key])
    }
    sheets = tuple(
        replace(
            sheet,
            papers=tuple(paper for paper in sheet.papers if paper.key in agreed),
            complete=False,
        )
        for sheet in stocktake.sheets
    )
    return replace(stocktake, sheets=sheets, recounts=stocktake.recounts + 1)


def surplus_ids(stocktake: Stocktake) -> list[str]:
    """Certificates that were found here and belong elsewhere."""
    expected = {paper.certificate_id for paper in stocktake.expected}
    counted = stocktake.sheets[0].papers
    return sorted(p.certificate_id for p in counted if p.certificate_id and p.key not in expected)


def home_of(certificate: TitleCertificate) -> str | None:
    """The vault that a surplus paper goes to: where the books have it, or wait for it."""
    if certificate.place is not None:
        return certificate.place.vault
    return certificate.holder.desk if certificate.holder is not None else None


def compared(
    stocktake: Stocktake,
    homes: Mapping[str, str | None],
    elsewhere: Mapping[str, CountedPaper] = MappingProxyType({}),
) -> Iterator[CountLine]:
    """The books against the agreed count, line by line.

    homes: by certificate id, the vault of a surplus. elsewhere: what other counts found in cabinets
    where it was not expected; it is misplaced, not missing.
    """
    found = {paper.key: paper for paper in stocktake.sheets[0].papers}
    numbers = count(1)
    for expected in stocktake.expected:
        id = expected.certificate_id
        paper = found.pop(id, None) or elsewhere.get(id)
        for result in _results(expected, paper):
            yield CountLine(
                no=next(numbers),
                result=result,
                certificate_id=expected.certificate_id,
                cert_no=expected.cert_no,
                expected=expected.place,
                found=None if paper is None else paper.place,
                expected_pages=expected.pages,
                counted_pages=None if paper is None else paper.pages,
            )
    for paper in found.values():
        yield CountLine(
            no=next(numbers),
            result=CountResult.SURPLUS,
            certificate_id=paper.certificate_id,
            cert_no=paper.cert_no,
            found=paper.place,
            counted_pages=paper.pages,
            home_vault=homes.get(paper.certificate_id or ""),
        )


def finalised(
    stocktake: Stocktake,
    results: tuple[CountLine, ...],
    *,
    by: str,
    now: datetime,
    resolve_due: date,
) -> Stocktake:
    """The stock-take with its outcome; each difference counts, none makes up for another."""
    after = replace(
        stocktake,
        state=StocktakeState.FINALISED,
        ended_by=by,
        ended_at=now,
        resolve_due=resolve_due,
        results=results,
        expected_count=len(stocktake.expected),
        counted_count=len(stocktake.sheets[0].papers),
        difference_count=sum(line.is_open for line in results),
    )
    return _recounted_open(after)


def resolve_due(today: date, *, policy: Policy, calendar: WorkCalendar) -> date:
    """The last day to resolve a difference before its paper counts as missing (CUS-18)."""
    return calendar.wd(today, policy.number("stocktake.resolve_wd"))


def line_of(stocktake: Stocktake, no: int) -> CountLine | None:
    """The line of that number."""
    return next((line for line in stocktake.results if line.no == no), None)


def resolution_refusals(
    stocktake: Stocktake, line: CountLine | None, *, reason: str, by: str, keeps: bool
) -> Iterator[Refusal | None]:
    """Every rule that the end of a difference breaks; nobody clears what he keeps (CUS-18)."""
    if line is None:
        yield invalid("no", f"stock-take {stocktake.no} has no such line", rule_id="CUS-18")
    elif not line.is_open:
        state = CountResult.MATCH.value if line.resolved_at is None else "resolved"
        yield state_conflict("CUS-18", subject=f"Line {line.no}", state=state, event="RESOLVE")
    if not reason.strip():
        yield invalid("reason", "say how it was resolved", rule_id="CUS-18")
    if keeps:
        yield Refusal(
            code=RefusalCode.SOD_VIOLATION,
            rule_id="CUS-18",
            detail={"person": by, "part": "keeper of the vault"},
        )


def not_resealed(line: CountLine, packet: SealedPacket | None) -> Refusal | None:
    """A broken seal is resolved once the packet has a new one (CUS-07)."""
    return seal_broken(packet, "RESOLVE") if line.result is CountResult.SEAL_BROKEN else None


def missing_refusals(
    line: CountLine, certificate: TitleCertificate | None, *, vault: Vault
) -> Iterator[Refusal | None]:
    """Only what was not found, and is not known to be elsewhere by now, is marked missing (X20)."""
    if line.result is not CountResult.MISSING or certificate is None:
        yield state_conflict(
            "X20", subject=f"Line {line.no}", state=line.result, event="MARK_MISSING"
        )
        return
    yield illegal(certificate, Movement.MARK_MISSING)
    yield frozen(vault)
    if certificate.place is not None and certificate.place.vault != vault.code:
        yield state_conflict(
            "X20", subject=certificate.label, state="in another vault", event="MARK_MISSING"
        )


def resolved(
    stocktake: Stocktake, no: int, *, by: str, now: datetime, resolution: str
) -> Stocktake:
    """The stock-take with one difference at its end."""
    results = tuple(
        replace(line, resolved_at=now, resolved_by=by, resolution=resolution)
        if line.no == no
        else line
        for line in stocktake.results
    )
    return _recounted_open(replace(stocktake, results=results))


def found_again(earlier: Stocktake, later: Stocktake) -> Stocktake:
    """An earlier count once what it missed, or had too many, stands in a later one's books."""
    assert later.ended_by is not None
    assert later.ended_at is not None
    found = {line.certificate_id for line in later.results if line.found is not None}
    at_home = {line.certificate_id for line in later.results if line.expected is not None}
    for line in earlier.results:
        missed = line.result is CountResult.MISSING and line.certificate_id in found
        placed = line.result is CountResult.SURPLUS and line.certificate_id in found & at_home
        if line.is_open and (missed or placed):
            earlier = resolved(
                earlier,
                line.no,
                by=later.ended_by,
                now=later.ended_at,
                resolution=f"Found by stock-take {later.no}.",
            )
    return earlier


def overdue(stocktake: Stocktake, *, today: date) -> list[CountLine]:
    """What was missing at the count and is not resolved in time (X20)."""
    if stocktake.resolve_due is None or today <= stocktake.resolve_due:
        return []
    return [
        line for line in stocktake.results if line.is_open and line.result is CountResult.MISSING
    ]


def has_moved_on(certificate: TitleCertificate, vault: str) -> bool:
    """Whether a paper has left the vault since the count: whoever took it out had it in hand."""
    in_vault = certificate.custody_state is CustodyState.IN_VAULT
    return not in_vault or certificate.place is None or certificate.place.vault != vault


def _recounted_open(stocktake: Stocktake) -> Stocktake:
    left = sum(line.is_open for line in stocktake.results)
    return replace(stocktake, open_difference_count=left)


def _differing(one: CountedPaper | None, other: CountedPaper | None) -> list[str]:
    if one is None or other is None:
        return ["found by one of them"]
    return [
        name
        for name, differs in (
            ("cabinet", one.place.cabinet != other.place.cabinet),
            ("slot", one.place.slot != other.place.slot),
            ("packetNo", one.place.packet_no != other.place.packet_no),
            ("sealNo", one.place.seal_no != other.place.seal_no),
            ("sealIntact", one.seal_intact != other.seal_intact),
            ("pages", one.pages != other.pages),
        )
        if differs
    ]


def _results(expected: ExpectedPaper, paper: CountedPaper | None) -> Iterator[CountResult]:
    if paper is None:
        yield CountResult.MISSING
        return
    books, shelf = expected.place, paper.place
    same_packet = books.packet_no == shelf.packet_no
    misplaced = (books.cabinet, books.slot) != (shelf.cabinet, shelf.slot) or not same_packet
    broken = not paper.seal_intact or (same_packet and books.seal_no != shelf.seal_no)
    miscounted = None not in (paper.pages, expected.pages) and paper.pages != expected.pages
    if misplaced:
        yield CountResult.WRONG_SLOT
    if broken:
        yield CountResult.SEAL_BROKEN
    if miscounted:
        yield CountResult.WRONG_COUNT
    if not (misplaced or broken or miscounted):
        yield CountResult.MATCH
