"""The one wrapper around every mutation: identity, repetition, one transaction, the record of it.

A mutation is a function of a `Deed` and its input. What it returns is kept under the caller's
idempotency key and written into the audit log in the same transaction as the decision itself;
a refused or forbidden attempt is written there too.
"""

import dataclasses
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import strawberry
from graphql import GraphQLError
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case
from ulid import ULID

from domain.refusals import Forbidden, Refusal, RefusalCode, Refused, invalid
from domain.roles import Operation
from resolvers.context import Context, Info
from resolvers.deed import NO_ONE_VERSION, Deed
from schema.mutations import EXPECTED_VERSION, IDEMPOTENCY_KEY, INPUT, kept, told
from storage.decisions import Decision
from storage.idempotency import MAX_KEY_LENGTH, Claim, claim, input_hash, release
from storage.records import Record, plain, to_record
from storage.rulebook import Rules
from storage.transactions import decide
from storage.writes import Insert

T = TypeVar("T")
MAX_TEXT = 1_000
MAX_ITEMS = 100
MUTATIONS: dict[str, Operation] = {}  # every mutation that exists, by its Python name


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
                raise Refused(NO_ONE_VERSION)
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
            yield from _oversize(item, to_camel_case(key))


def _limit(name: str, actual: int, limit: int) -> Refusal:
    return Refusal(
        code=RefusalCode.LIMIT_EXCEEDED,
        rule_id="INPUT",
        field=name,
        detail={"field": name, "actual": str(actual), "limit": str(limit)},
    )


def _forbidden(sentence: str) -> GraphQLError:
    return GraphQLError(sentence, extensions={"code": "FORBIDDEN"})
