"""Taking facts in (数据接入): a batch of lines in one transaction, each with its own answer.

A line is checked against what is known, compared, and created, updated, left or rejected; a
rejected line changes nothing and stops nobody.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from domain.book import Posting
from domain.collaterals import Collateral
from domain.deregistration import OPEN_STATES, DeregistrationCase
from domain.guarantees import GuaranteeContract
from domain.loans import CreditContract, Loan
from domain.orgs import Org
from domain.parties import Customer, Partner
from domain.people import User
from domain.refusals import Refusal, RefusalCode, Refused, invalid
from domain.vaults import Vault
from schema.imports import LINES, Line
from storage.decisions import Decision, not_found
from storage.rulebook import Rules
from storage.sealing import Sealer

KEY_FIELDS: Mapping[type, str] = {
    Org: "code",
    User: "login",
    Customer: "no",
    Partner: "no",
    CreditContract: "no",
    Loan: "loan_no",
    GuaranteeContract: "no",
    Collateral: "no",
    Vault: "code",
    Posting: "serial",
}


class LineStatus(StrEnum):
    """What became of a line."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A line that could be read: its number, kind and content."""

    number: int
    kind: str
    line: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The answer to one line."""

    number: int
    status: LineStatus
    id: str | None = None
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What one batch knows: entities by class and number, read at once and kept current."""

    decision: Decision
    sealer: Sealer
    rules: Rules
    by: str
    now: datetime
    today: date
    found: dict[tuple[type, str], Any] = field(default_factory=dict)
    lists: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    listing: dict[str, tuple[type, str]] = field(default_factory=dict)  # what each list holds
    seals: set[str] = field(default_factory=set)  # used ones among those of this batch

    def get(self, cls: type, number: str) -> Any:
        """The entity of that number, or None."""
        return self.found.get((cls, number))

    def need(self, cls: type, number: str, field_name: str) -> Any:
        """The entity a line refers to. Refuses: NOT_FOUND, naming the field."""
        entity = self.get(cls, number)
        if entity is None:
            raise Refused(replace(not_found(cls, number), field=field_name))
        return entity

    def keep(self, entity: Any) -> Any:
        """Keeps a changed entity that was read in this batch."""
        saved = self.decision.save(entity)
        self._remember(saved)
        return saved

    def add(self, entity: Any) -> Any:
        """Keeps a new entity; later lines of the batch may refer to it."""
        self.decision.add(entity)
        self._remember(entity)
        return entity

    def _remember(self, entity: Any) -> None:
        self.found[type(entity), _number(entity)] = entity
        for name, (cls, query_field) in self.listing.items():
            if cls is type(entity):
                self._list(name, query_field, entity)

    def _list(self, name: str, query_field: str, entity: Any) -> None:
        """Lists an entity under every key it names, once."""
        first, _, inner = query_field.partition(".")
        values = getattr(entity, first)
        for value in values if isinstance(values, tuple) else (values,):
            key = str(getattr(value, inner)) if inner else str(value)
            listed = self.lists.setdefault((name, key), [])
            if all(known.id != entity.id for known in listed):
                listed.append(entity)

    async def read(self, cls: Any, numbers: Sequence[str], *, field_name: str = "") -> None:
        """Reads entities by number in one question, unless they are known."""
        name = field_name or KEY_FIELDS[cls]
        missing = sorted({n for n in numbers if n and (cls, n) not in self.found})
        if missing:
            for entity in await self.decision.find(cls, {name: {"$in": missing}}):
                self.found[cls, getattr(entity, name)] = entity

    async def read_lists(
        self, name: str, cls: Any, query_field: str, keys: Sequence[str], **also: Any
    ) -> None:
        """Reads entities that name any of the keys, listed by each key they name.

        What the batch itself adds later is listed too.
        """
        self.listing[name] = (cls, query_field)
        wanted = sorted(set(keys))
        if not wanted:
            return
        for entity in await self.decision.find(cls, {query_field: {"$in": wanted}, **also}):
            self._list(name, query_field, entity)

    def listed(self, name: str, key: str) -> list[Any]:
        """What `read_lists` found for a key, as it is now."""
        return [
            self.found.get((type(entity), _number(entity)), entity)
            for entity in self.lists.get((name, key), ())
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How one kind of line is taken in.

    read: reads what its lines refer to; take: answers one line, keeping what it changes.
    """

    read: Callable[[Known, Sequence[Any]], Any]
    take: Callable[[Known, Any], Any]


def parsed(number: int, kind: object, data: object) -> Given:
    """A line of a known kind and right form. Refuses: VALUE_INVALID, one for each wrong field."""
    model = LINES.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise Refused(invalid("kind", f"one of {', '.join(LINES)}"))
    try:
        return Given(number=number, kind=str(kind), line=model.model_validate(data))
    except ValidationError as error:
        raise Refused(*(_wrong(problem) for problem in error.errors()[:20])) from None


async def take_in(known: Known, given: Sequence[Given], kinds: Mapping[str, Kind]) -> list[Outcome]:
    """Answers a batch, in order; what its lines refer to is read kind by kind at once."""
    for kind in dict.fromkeys(item.kind for item in given):
        await kinds[kind].read(known, [item.line for item in given if item.kind == kind])
    outcomes = []
    for item in given:
        try:
            status, id = kinds[item.kind].take(known, item.line)
            outcomes.append(Outcome(number=item.number, status=status, id=id))
        except Refused as refused:
            outcomes.append(
                Outcome(
                    number=item.number,
                    status=LineStatus.REJECTED,
                    refusals=refused.refusals,
                )
            )
    return outcomes


def upserted(known: Known, old: Any, new: Any) -> tuple[LineStatus, str]:
    """Keeps a record that is new or changed."""
    if old is None:
        known.add(new)
        return LineStatus.CREATED, new.id
    if replace(new, version=old.version) == old:
        return LineStatus.UNCHANGED, old.id
    known.keep(new)
    return LineStatus.UPDATED, old.id


async def open_cases(known: Known, collaterals: Sequence[Collateral | None]) -> None:
    """Reads the open cases of those collaterals."""
    ids = sorted({c.open_case_id for c in collaterals if c is not None and c.open_case_id})
    for case in await known.decision.find(DeregistrationCase, {"_id": {"$in": ids}}) if ids else ():
        known.found[DeregistrationCase, case.id] = case


OPEN_STATE_VALUES = [state.value for state in OPEN_STATES]


def _number(entity: Any) -> str:
    name = KEY_FIELDS.get(type(entity), "id")
    return str(getattr(entity, name))


def _wrong(problem: Any) -> Refusal:
    """One wrong field; what it held is not repeated, since it may be personal."""
    where = ".".join(str(part) for part in problem["loc"]) or "data"
    said = str(problem["msg"]).removeprefix("Value error, ")
    return Refusal(
        code=RefusalCode.VALUE_INVALID,
        rule_id="INPUT",
        field=where,
        detail={"field": where, "reason": said},
    )
