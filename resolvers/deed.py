"""A mutation at work: who acts, on what day, by which rules, in one decision (业务操作)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from domain.calendar import WorkCalendar
from domain.certificates import CustodyState, TitleCertificate
from domain.custody import CustodyEvent, Movement, Operator, moved
from domain.people import Actor, User, actor
from domain.policy import Policy
from domain.refusals import Forbidden, Refusal, RefusalCode, Refused, invalid
from domain.roles import Operation
from resolvers.book import entered
from resolvers.context import Context, Stores
from storage.decisions import Decision, not_found
from storage.records import Record, new_id
from storage.rulebook import Rules
from storage.scope import under

T = TypeVar("T")

# A version that nothing was compared with is never passed over.
NO_ONE_VERSION = invalid(
    "expectedVersion", "what this acts on has no one version to compare", rule_id="CUS-28"
)


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What a mutation works with: one decision, who decides, when, and under which rules."""

    context: Context
    decision: Decision
    rules: Rules
    operation: Operation
    expected_version: int | None
    compared: set[str] = field(default_factory=set)  # ids of what was held to that version
    proposers: set[str] = field(default_factory=set)  # logins of who proposed what is confirmed

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return self.context.actor

    @property
    def stores(self) -> Stores:
        """What keeps."""
        return self.context.stores

    @property
    def now(self) -> datetime:
        """The moment of the request."""
        return self.context.now

    @property
    def today(self) -> date:
        """The business date of the request."""
        return self.context.today

    @property
    def policy(self) -> Policy:
        """The numbers in force today."""
        return self.rules.policy

    @property
    def calendar(self) -> WorkCalendar:
        """The working calendar."""
        return self.rules.calendar

    async def get(self, cls: type[T], id: str) -> T:
        """An entity within the actor's reach. Refuses: NOT_FOUND. Raises: Forbidden."""
        found = await self.decision.first(cls, {"_id": id}, within=self.reach)
        if found is None:
            raise self._missed(cls, [id])
        return found

    async def several(self, cls: type[T], ids: Sequence[str]) -> list[T]:
        """Entities within the actor's reach, in that order; refuses as `get` does."""
        read = await self.decision.find(cls, several_query(ids), within=self.reach)
        found: dict[str, Any] = {one.id: one for one in read}  # type: ignore[attr-defined]
        missed = [id for id in ids if id not in found]
        if missed:
            raise self._missed(cls, missed)
        return [found[id] for id in ids]

    def _missed(self, cls: type, ids: Sequence[str]) -> Exception:
        """A county's registrar hears of the county, whether or not there is such a thing (S04)."""
        if self.actor.acts_for_county(self.operation):
            return Forbidden("Your county has nothing of this id.")
        return Refused(*(not_found(cls, id) for id in ids))

    async def person(self, login: str | None) -> Actor | None:
        """Who signs in by that login, with the roles of today; none where nobody does."""
        if login is None:
            return None
        user = await self.decision.first(User, person_query(login))
        return None if user is None else actor(user, today=self.today)

    @property
    def reach(self) -> Record:
        """The filter that keeps what the actor may read."""
        return under(self.actor.paths(Operation.READ))

    async def subject(self, cls: type[T], id: str) -> T:
        """The entity that is acted on. Refuses: NOT_FOUND, VERSION_CONFLICT. Raises: Forbidden."""
        found: Any = await self.get(cls, id)
        self.permit(found.org_path)
        return self.as_expected(found)  # type: ignore[no-any-return]

    async def subjects(self, cls: type[T], ids: Sequence[str]) -> list[T]:
        """The entities that are acted on together; one version stands for one of them alone.

        Refuses: NOT_FOUND, VERSION_CONFLICT, VALUE_INVALID. Raises: Forbidden.
        """
        if self.expected_version is not None and len(set(ids)) > 1:
            raise Refused(NO_ONE_VERSION)
        found: list[Any] = await self.several(cls, ids)
        for one in found:
            self.permit(one.org_path)
            self.as_expected(one)
        return found

    def as_expected(self, entity: T) -> T:
        """What is acted on, at the version that the caller knows. Refuses: VERSION_CONFLICT."""
        found: Any = entity
        expected = self.expected_version
        self.compared.add(found.id)
        if expected is not None and found.version != expected:
            detail = {"subject": found.id, "actual": str(found.version), "expected": str(expected)}
            raise Refused(
                Refusal(
                    code=RefusalCode.VERSION_CONFLICT,
                    rule_id="CUS-28",
                    field="expectedVersion",
                    detail=detail,
                )
            )
        return entity

    def permit(self, org_path: str) -> None:
        """Holds the actor to where the role reaches. Raises: Forbidden."""
        if not self.actor.may(self.operation, org_path):
            raise Forbidden("Your role does not reach this organisation.")

    def move(
        self,
        certificate: TitleCertificate,
        movement: Movement,
        to: CustodyState,
        *,
        operators: Sequence[Operator] = (),
        on: date | None = None,
        **facts: Any,
    ) -> TitleCertificate:
        """Moves a certificate, writes the one event of it (INV-03) and asks the book (CUS-21).

        operators: the actor unless told. on: the business date, today unless told (CUS-22).
        facts: what else the event says and the certificate becomes, as in `domain.custody.moved`.
        """
        after, event = moved(
            certificate,
            movement,
            to=to,
            event_id=new_id(CustodyEvent),
            operators=operators or [self.operator()],
            now=self.now,
            today=on or self.today,
            **facts,
        )
        self.decision.add(event)
        return self.decision.save(entered(self.decision, after, event))

    def operator(self) -> Operator:
        """The actor's part in an event, in the first role that allows it."""
        return operator(self.context, self.operation)


def several_query(ids: Sequence[str]) -> Record:
    """Which entities have those ids."""
    return {"_id": {"$in": sorted(set(ids))}}


def person_query(login: str) -> Record:
    """Which person, still active, signs in by that login."""
    return {"login": login, "active": True}


def operator(context: Context, operation: Operation) -> Operator:
    """The person of this request as an operator of an event."""
    role = context.actor.grant_for(operation)
    assert role is not None  # a mutation begins by asking
    return Operator(
        login=context.actor.login,
        role=role.role,
        org_code=role.org_code,
        at=context.now,
        request_id=context.request_id,
    )
