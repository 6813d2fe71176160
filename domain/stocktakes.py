"""Stock-take (盘库): who counts which vault, blind and in pairs (CUS-18, CUS-20)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from domain.certificates import MAX_CERT_NO, TitleCertificate, normalised
from domain.orgs import TIER2_AND_ABOVE
from domain.people import RoleGrant
from domain.refusals import Forbidden, Refusal, RefusalCode, invalid, state_conflict
from domain.roles import Role
from domain.vaults import MAX_NAME_LENGTH, SealedPacket, Vault, frozen

COUNTERS = 2
MAX_COUNTED = 5_500  # papers on one counter's sheet; one record has room for both sheets
MAX_PAGES = 10_000


class StocktakeKind(StrEnum):
    """Why a vault is counted (盘库类型)."""

    SELF = "SELF"
    SUPERVISOR = "SUPERVISOR"
    ANNUAL = "ANNUAL"
    SURPRISE = "SURPRISE"
    KEEPER_CHANGE = "KEEPER_CHANGE"


class StocktakeState(StrEnum):
    """Life of a stock-take (盘库状态)."""

    OPEN = "OPEN"
    FINALISED = "FINALISED"
    CANCELLED = "CANCELLED"


class CountResult(StrEnum):
    """What the count says of one paper (盘点结果)."""

    MATCH = "MATCH"
    MISSING = "MISSING"
    SURPLUS = "SURPLUS"
    WRONG_SLOT = "WRONG_SLOT"
    SEAL_BROKEN = "SEAL_BROKEN"
    WRONG_COUNT = "WRONG_COUNT"


# A surprise of one's own supervisor is none: it comes from the branch or an auditor.
LEADERS: Mapping[StocktakeKind, frozenset[Role]] = MappingProxyType(
    {
        StocktakeKind.SELF: frozenset({Role.VAULT_KEEPER}),
        StocktakeKind.SUPERVISOR: frozenset({Role.VAULT_SUPERVISOR}),
        StocktakeKind.ANNUAL: frozenset({Role.APPROVER}),
        StocktakeKind.SURPRISE: frozenset({Role.APPROVER, Role.AUDITOR}),
        StocktakeKind.KEEPER_CHANGE: frozenset({Role.VAULT_SUPERVISOR}),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountPlace:
    """Where a paper lies and under which seal; without a packet it lies loose."""

    cabinet: str
    slot: str
    packet_no: str | None = None
    seal_no: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedPaper:
    """A paper that the books have in the vault when the count begins (账面应有)."""

    certificate_id: str
    cert_no: str
    place: CountPlace
    pages: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedPaper:
    """A paper as one counter saw it; without an id where the bank knows no such number."""

    certificate_id: str | None
    cert_no: str
    place: CountPlace
    seal_intact: bool
    pages: int | None = None  # none where the packet stayed closed

    @property
    def key(self) -> str:
        """What makes it the same paper on both sheets."""
        return self.certificate_id or f"no:{normalised(self.cert_no)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountSheet:
    """What one counter has counted so far (盘点表); nobody reads it before the end."""

    counter: str
    papers: tuple[CountedPaper, ...] = ()
    complete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CountLine:
    """One line of the outcome (盘点明细); a paper has as many lines as differences."""

    no: int
    result: CountResult
    certificate_id: str | None
    cert_no: str
    expected: CountPlace | None = None
    found: CountPlace | None = None
    expected_pages: int | None = None
    counted_pages: int | None = None
    home_vault: str | None = None  # of a surplus: the vault it goes to
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    resolution: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is a difference that nobody has resolved yet."""
        return self.result is not CountResult.MATCH and self.resolved_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stocktake:
    """A count of a vault (盘库单): books against shelves, differences never netted."""

    id: str
    no: str
    vault: str
    kind: StocktakeKind
    cabinets: tuple[str, ...] = ()  # what it counts of the vault; none named means all
    state: StocktakeState = StocktakeState.OPEN
    opened_by: str
    opened_at: datetime  # the moment of the snapshot
    expected: tuple[ExpectedPaper, ...]
    sheets: tuple[CountSheet, ...]
    recounts: int = 0
    ended_by: str | None = None
    ended_at: datetime | None = None
    reason: str | None = None  # why it was given up
    resolve_due: date | None = None
    results: tuple[CountLine, ...] = ()
    expected_count: int | None = None  # these four are told at the end
    counted_count: int | None = None
    difference_count: int | None = None
    open_difference_count: int | None = None
    org_code: str
    org_path: str
    version: int = 0

    @property
    def counters(self) -> tuple[str, ...]:
        """Logins of the two counters."""
        return tuple(sheet.counter for sheet in self.sheets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A person named to count (盘点人) and what speaks for or against that."""

    login: str
    reaches: bool  # signs in, and holds a role that counts this vault
    keeps: bool  # is a keeper of this vault that day, a substitute on duty included (CUS-04f)
    away: bool = False  # is one, and on leave that day


def may_lead(kind: StocktakeKind, grants: Iterable[RoleGrant], *, keeps: bool) -> bool:
    """Whether these grants open and end a count of that kind (CUS-18).

    keeps: whether the person is a keeper of the vault.
    """
    if kind is StocktakeKind.SELF and not keeps:
        return False
    return any(
        grant.role in LEADERS[kind]
        and (grant.role is not Role.APPROVER or grant.org_level in TIER2_AND_ABOVE)
        for grant in grants
    )


def opening_refusals(
    vault: Vault, kind: StocktakeKind, counters: Sequence[Counter]
) -> Iterator[Refusal | None]:
    """Every rule that a count about to begin breaks."""
    yield frozen(vault)
    if len({counter.login for counter in counters}) != COUNTERS or len(counters) != COUNTERS:
        yield invalid("counters", "name two different people", rule_id="CUS-18")
    for counter in counters:
        if not counter.reaches:
            yield invalid("counters", f"{counter.login} may not count this vault", rule_id="CUS-18")
        yield _keeper_counts(counter.login, kind, keeps=counter.keeps or counter.away)
        if kind is StocktakeKind.SELF and not counter.keeps:
            yield invalid(
                "counters", f"{counter.login} is no keeper of this vault", rule_id="CUS-18"
            )


def snapshot(
    certificates: Sequence[TitleCertificate], packets: Sequence[SealedPacket]
) -> tuple[ExpectedPaper, ...]:
    """What the books have in the vault; papers that are out or on their way are not there."""
    seals = {packet.packet_no: packet.seal_no for packet in packets}
    return tuple(
        ExpectedPaper(
            certificate_id=certificate.id,
            cert_no=certificate.label,
            place=CountPlace(
                cabinet=certificate.place.cabinet,
                slot=certificate.place.slot,
                packet_no=certificate.place.packet_no,
                seal_no=seals.get(certificate.place.packet_no),
            ),
            pages=certificate.pages,
        )
        for certificate in certificates
        if certificate.place is not None
    )


def counting_refusals(
    stocktake: Stocktake, papers: Sequence[CountedPaper], *, counter: str, keeps: bool
) -> Iterator[Refusal | None]:
    """Every rule that a batch of counted papers breaks. Raises: Forbidden to anyone else."""
    sheet = _sheet(stocktake, counter)
    if sheet is None:
        raise Forbidden("Only the two named counters count.")
    yield still_open(stocktake, "COUNT")
    yield _keeper_counts(counter, stocktake.kind, keeps=keeps)
    if sheet.complete:
        yield state_conflict(
            "CUS-18", subject=f"The count of {counter}", state="complete", event="COUNT"
        )
    keys = [paper.key for paper in papers]
    if len(set(keys)) != len(keys):
        yield invalid("items", "a paper is listed twice", rule_id="CUS-18")
    for paper in papers:
        if not 0 < len(normalised(paper.cert_no)) <= MAX_CERT_NO:
            yield invalid("certNo", f"1 to {MAX_CERT_NO} characters", rule_id="CUS-18")
        place = paper.place
        labels = (place.cabinet, place.slot, place.packet_no or "", place.seal_no or "")
        if max(map(len, labels)) > MAX_NAME_LENGTH:
            told = f"a label has at most {MAX_NAME_LENGTH} characters"
            yield invalid("items", told, rule_id="CUS-18")
        if paper.pages is not None and not 0 <= paper.pages <= MAX_PAGES:
            yield invalid("pages", f"0 to {MAX_PAGES}", rule_id="CUS-18")
    total = len({paper.key for paper in sheet.papers} | set(keys))
    if total > MAX_COUNTED:
        yield Refusal(
            code=RefusalCode.LIMIT_EXCEEDED,
            rule_id="CUS-18",
            field="items",
            detail={"field": "items", "actual": str(total), "limit": str(MAX_COUNTED)},
        )


def counted(
    stocktake: Stocktake, papers: Sequence[CountedPaper], *, counter: str, complete: bool
) -> Stocktake:
    """The stock-take with a batch on the counter's sheet; a paper told again replaces itself."""
    sheet = _sheet(stocktake, counter)
    assert sheet is not None
    told = {paper.key: paper for paper in (*sheet.papers, *papers)}
    after = replace(sheet, papers=tuple(told.values()), complete=complete)
    return replace(
        stocktake,
        sheets=tuple(after if one.counter == counter else one for one in stocktake.sheets),
    )


def still_open(stocktake: Stocktake, event: str) -> Refusal | None:
    """A count that has ended takes nothing more."""
    if stocktake.state is StocktakeState.OPEN:
        return None
    return state_conflict(
        "CUS-18", subject=f"Stock-take {stocktake.no}", state=stocktake.state, event=event
    )


def _sheet(stocktake: Stocktake, counter: str) -> CountSheet | None:
    return next((sheet for sheet in stocktake.sheets if sheet.counter == counter), None)


def _keeper_counts(login: str, kind: StocktakeKind, *, keeps: bool) -> Refusal | None:
    """Nobody counts what he keeps, but in the keepers' own count and as they change (CUS-18)."""
    if kind in {StocktakeKind.SELF, StocktakeKind.KEEPER_CHANGE} or not keeps:
        return None
    return Refusal(
        code=RefusalCode.SOD_VIOLATION,
        rule_id="CUS-18",
        field="counters",
        detail={"person": login, "part": "keeper of the vault"},
    )
