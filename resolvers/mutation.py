"""The one wrapper around every mutation: identity, repetition, one transaction, the record of it.

A mutation is a function of a `Deed` and its input. What it returns is kept under the caller's
idempotency key and written into the audit log in the same transaction as the decision itself;
a refused or forbidden attempt is written there too.
"""

import dataclasses
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any, TypeVar

import strawberry
from graphql import GraphQLError
from strawberry.types.field import StrawberryField
from ulid import ULID

from domain.calendar import WorkCalendar
from domain.certificates import CustodyState, TitleCertificate
from domain.custody import CustodyEvent, Movement, Operator, moved
from domain.people import Actor, Operation, User, actor
from domain.policy import Policy
from domain.refusals import Forbidden, Refusal, RefusalCode, Refused, invalid
from resolvers.book import entered
from resolvers.context import Context, Info, Stores
from schema.mutations import EXPECTED_VERSION, IDEMPOTENCY_KEY, INPUT, kept, told
from storage.decisions import Decision, decide, not_found
from storage.idempotency import MAX_KEY_LENGTH, Claim, claim, input_hash, release
from storage.records import Record, new_id, plain, to_record
from storage.rulebook import Rules
from storage.scope import under
from storage.writes import Insert

T = TypeVar("T")
MAX_TEXT = 1_000
MAX_ITEMS = 100
# A version that nothing was compared with is never passed over.
_NO_ONE_VERSION = invalid(
    "expectedVersion", "what this acts on has no one version to compare", rule_id="CUS-28"
)
MUTATIONS: dict[str, Operation] = {}  # every mutation that exists, by its Python name


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
            raise Refused(_NO_ONE_VERSION)
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


Body = Callable[[Deed, Any], Awaitable[Mapping[str, Any]]]


def mutation(
    operation: Operation, payload: type, *, description: str
) -> Callable[[Body], StrawberryField]:
    """Makes a mutation of a body; there is no other way to make one.

    payload: the answer's type; the body returns its fields, `refusals` only where it also saved.
    """

    def make(body: Body) -> StrawberryField:
        name = body.__name__
        MUTATIONS[name] = operation
        given = list(inspect.signature(body).parameters.values())[1].annotation

        async def resolve(
            info: Info,
            input: Any,
            idempotency_key: str | None = None,
            expected_version: int | None = None,
        ) -> Any:
            run = _Run(
                context=info.context,
                name=name,
                operation=operation,
                body=body,
                input=input,
                given=plain(input),
                key=idempotency_key,
                expected_version=expected_version,
            )
            return await run.answer()

        resolve.__annotations__ |= {"input": given, "return": payload}
        parameters = inspect.signature(resolve).parameters
        resolve.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [
                parameters["info"],
                parameters["input"].replace(
                    annotation=_described(given, INPUT),
                ),
                parameters["idempotency_key"].replace(
                    annotation=_described(str | None, IDEMPOTENCY_KEY)
                ),
                parameters["expected_version"].replace(
                    annotation=_described(int | None, EXPECTED_VERSION)
                ),
            ],
            return_annotation=payload,
        )
        resolve.__name__ = name
        made: StrawberryField = strawberry.mutation(resolver=resolve, description=description)
        return made

    return make


def _described(annotation: Any, text: str) -> Any:
    return Annotated[annotation, strawberry.argument(description=text)]


@dataclass(frozen=True, kw_only=True)
class _Run:
    context: Context
    name: str
    operation: Operation
    body: Body
    input: Any
    given: Record  # the same as plain values
    key: str | None
    expected_version: int | None

    async def answer(self) -> Record:
        """The payload: the answer, or every refusal."""
        if not self.context.actor.paths(self.operation):
            await self._record("FORBIDDEN")
            raise _forbidden("Your role does not allow this.")
        try:
            too_long = list(_oversize(self.given, "input"))
            if too_long:
                raise Refused(*too_long)
            held = await self._claim()
        except Refused as refused:
            await self._record("REFUSED", refused.refusals)
            return self._told({"refusals": kept(refused.refusals)})
        if held is not None and held.answer is not None:
            return self._told(held.answer)
        return self._told(await self._act(held))

    async def _act(self, held: Claim | None) -> Record:
        mongo = self.context.stores.mongo

        async def work(decision: Decision) -> Record:
            rules = self.context.stores.rulebook.on(self.context.today)
            deed = Deed(
                context=self.context,
                decision=decision,
                rules=rules,
                operation=self.operation,
                expected_version=self.expected_version,
            )
            done = _kept_answer(await self.body(deed, self.input))
            if self.expected_version is not None and not deed.compared:
                raise Refused(_NO_ONE_VERSION)
            outcome = "REFUSED" if done["refusals"] else "DONE"
            entry = self._entry(outcome, done["refusals"], decision.changed, rules)
            decision.write("audit_log", Insert(entry))
            if held is not None:
                decision.write("idempotency", held.kept(done))
            return done

        try:
            return await decide(
                mongo, work, by=self.context.actor.login, cause=self.name, at=self.context.now
            )
        except Refused as refused:
            answer: Record = {"refusals": kept(refused.refusals)}
            await self._record("REFUSED", refused.refusals)
            if held is not None:
                update = held.kept(answer)
                await mongo.database["idempotency"].update_one(update.where, update.change)
            return answer
        except Forbidden as forbidden:
            await self._give_back(held)
            await self._record("FORBIDDEN")
            raise _forbidden(str(forbidden)) from None
        except BaseException:
            await self._give_back(held)
            raise

    async def _claim(self) -> Claim | None:
        if self.key is None:
            return None
        if not 0 < len(self.key) <= MAX_KEY_LENGTH:
            raise Refused(invalid("idempotencyKey", f"1 to {MAX_KEY_LENGTH} characters"))
        given = {"input": self.given, "expected_version": self.expected_version}
        return await claim(
            self.context.stores.mongo,
            actor=self.context.actor.login,
            key=self.key,
            hash=input_hash(self.name, given),
            attempt=self.context.request_id + str(ULID()),
        )

    async def _give_back(self, held: Claim | None) -> None:
        if held is not None:
            await release(self.context.stores.mongo, held)

    async def _record(self, outcome: str, refusals: tuple[Refusal, ...] = ()) -> None:
        entry = self._entry(outcome, kept(refusals), [], None)
        await self.context.stores.mongo.database["audit_log"].insert_one(entry)

    def _entry(
        self, outcome: str, refusals: list[Record], changed: list[Any], rules: Rules | None
    ) -> Record:
        """A line of the audit log: ids and codes, never what a person wrote."""
        return {
            "_id": f"audit_{ULID()}",
            "biz_date": self.context.today.isoformat(),
            "at": self.context.now,
            "actor": self.context.actor.login,
            "org_path": self.context.actor.org_path,
            "operation": self.name,
            "outcome": outcome,
            "codes": [refusal["code"] for refusal in refusals],
            "subjects": [f"{entity.id}@{getattr(entity, 'version', 0)}" for entity in changed],
            "input_hash": input_hash(self.name, {"input": self.given}),
            "policy_version": None if rules is None else rules.policy.version,
            "request_id": self.context.request_id,
            "seq": None,
        }

    def _told(self, answer: Record) -> Record:
        reader = self.context.reader
        shown = {
            name: reader.show_any(value) if isinstance(value, dict) and "_id" in value else value
            for name, value in answer.items()
        }
        shown["refusals"] = told(
            answer.get("refusals", ()),
            chinese=self.context.chinese,
            amounts=self.context.sight.all_amounts,
        )
        return shown


def _kept_answer(answer: Mapping[str, Any]) -> Record:
    """The payload as it is kept: entities as records, refusals unworded."""
    done: Record = {
        name: to_record(value) if dataclasses.is_dataclass(value) else value
        for name, value in answer.items()
        if name != "refusals"
    }
    done["refusals"] = kept(answer.get("refusals", ()))
    return done


def _oversize(value: Any, name: str) -> Any:
    """Every text and list of an input has a limit."""
    if isinstance(value, str) and len(value) > MAX_TEXT:
        yield _limit(name, len(value), MAX_TEXT)
    elif isinstance(value, list | tuple):
        if len(value) > MAX_ITEMS:
            yield _limit(name, len(value), MAX_ITEMS)
        for item in value[:MAX_ITEMS]:
            yield from _oversize(item, name)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _oversize(item, key)


def _limit(name: str, actual: int, limit: int) -> Refusal:
    return Refusal(
        code=RefusalCode.LIMIT_EXCEEDED,
        rule_id="INPUT",
        field=name,
        detail={"field": name, "actual": str(actual), "limit": str(limit)},
    )


def _forbidden(sentence: str) -> GraphQLError:
    return GraphQLError(sentence, extensions={"code": "FORBIDDEN"})
