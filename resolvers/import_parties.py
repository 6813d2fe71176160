"""Kinds of the feed about people and rules: organisations, users, customers, policy, vaults."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from domain.orgs import Org, OrgLevel, jurisdiction
from domain.parties import Customer, Partner
from domain.people import RoleGrant, User
from domain.policy import unfit
from domain.refusals import Refusal, RefusalCode, Refused, invalid, refuse_if
from domain.roles import Role
from domain.stocktakes import Stocktake, StocktakeState
from domain.vaults import Slot, Vault, VaultStatus, capacity_refusals, too_many_slots
from resolvers.imports import Kind, Known, LineStatus, upserted
from schema.imports import (
    CustomerLine,
    OrgLine,
    PartnerLine,
    PolicyValueLine,
    RoleLine,
    UserLine,
    VaultLine,
    WorkCalendarLine,
)
from storage.records import new_id
from storage.rulebook import BUMP
from storage.writes import Update

_OPEN_COUNTS = "open counts of vaults"
# Roles that nobody holds who is a relationship manager as well, and by which rule.
_NO_MANAGERS = {
    Role.BATCH_SUPERVISOR: "S04",
    Role.POST_LOAN_OFFICER: "S04",
    Role.VAULT_KEEPER: "3.2",
}


async def read_orgs(known: Known, codes: Sequence[str | None]) -> None:
    """Reads organisations by code."""
    await known.read(Org, [code for code in codes if code])


async def _read_org(known: Known, lines: Sequence[OrgLine]) -> None:
    await read_orgs(known, [code for line in lines for code in (line.code, line.parent)])


def _take_org(known: Known, line: OrgLine) -> tuple[LineStatus, str]:
    old = known.get(Org, line.code)
    parent = None if line.parent is None else known.need(Org, line.parent, "parent")
    if (parent is None) != (line.level is OrgLevel.HEAD_OFFICE):
        raise Refused(invalid("parent", "every organisation but head office has one"))
    path = f"{parent.org_path if parent else ''}/{line.code}"
    if old is not None and old.org_path != path:
        raise Refused(_fixed(f"Organisation {line.code}", "its parent never changes"))
    operating = line.level is OrgLevel.OPERATING_BRANCH
    new = Org(
        id=old.id if old else new_id(Org),
        code=line.code,
        name=line.name,
        level=line.level,
        parent_code=line.parent,
        org_path=path,
        county=line.county,
        has_vault=line.has_vault,
        archives_centralised=line.archives_centralised,
        is_operating=operating if line.is_operating is None else line.is_operating,
        jurisdiction_path=jurisdiction(
            path,
            line.level,
            county=line.county,
            parent_is_county=parent is not None and parent.county,
        ),
    )
    return upserted(known, old, new)


async def _read_user(known: Known, lines: Sequence[UserLine]) -> None:
    await known.read(User, [line.login for line in lines])
    await read_orgs(known, [line.org for line in lines])
    await read_orgs(known, [role.org for line in lines for role in line.roles])
    users = [known.get(User, line.login) for line in lines]
    kept = {code for user in users if user is not None for code in user.vaults}
    await known.read(Vault, sorted(kept.union(*(line.vaults for line in lines))))


def _take_user(known: Known, line: UserLine) -> tuple[LineStatus, str]:
    old, org = known.get(User, line.login), known.need(Org, line.org, "org")
    detail = {"person": line.login, "part": "relationship manager"}
    refuse_if(
        Refusal(code=RefusalCode.SOD_VIOLATION, rule_id=rule_id, field="roles", detail=detail)
        for rule_id in dict.fromkeys(_not_a_manager(line, today=known.today))
    )
    grants = []
    for role in line.roles:
        at = org if role.org is None else known.need(Org, role.org, "roles")
        grants.append(
            RoleGrant(
                role=role.role,
                org_code=at.code,
                org_path=at.org_path,
                org_level=at.level,
                jurisdiction_path=at.jurisdiction_path,
                county=at.county,
                valid_from=role.valid_from,
                valid_to=role.valid_to,
            )
        )
    new = User(
        id=old.id if old else new_id(User),
        login=line.login,
        name=line.name,
        org_code=org.code,
        org_path=org.org_path,
        roles=tuple(grants),
        vaults=_vaults(known, line, old),
        substitutions=old.substitutions if old else (),
        leaves=old.leaves if old else (),
        counting=old.counting if old else (),
        dedicated=line.dedicated,
        active=line.status == "ACTIVE",
    )
    return upserted(known, old, new)


def _not_a_manager(line: UserLine, *, today: date) -> Iterator[str]:
    """Rules that somebody breaks who is a relationship manager as well, at the same time."""
    managing = [role for role in line.roles if role.role is Role.RELATIONSHIP_MANAGER]
    if line.dedicated and any(one.valid_to is None or one.valid_to >= today for one in managing):
        yield "S04"
    for role, rule_id in _NO_MANAGERS.items():
        held = [one for one in line.roles if one.role is role]
        if any(_overlap(one, other) for one in managing for other in held):
            yield rule_id


def _overlap(one: RoleLine, other: RoleLine) -> bool:
    begins = max(one.valid_from or date.min, other.valid_from or date.min)
    return begins <= min(one.valid_to or date.max, other.valid_to or date.max)


def _vaults(known: Known, line: UserLine, old: User | None) -> tuple[str, ...]:
    """The vaults a person keeps; who keeps one that was passed on here, the feed does not say."""

    def passed_on(code: str) -> bool:
        vault = known.get(Vault, code)
        return vault is not None and vault.passed_on_at is not None

    own = [code for code in old.vaults if passed_on(code)] if old else []
    return tuple(dict.fromkeys([*(c for c in line.vaults if not passed_on(c)), *own]))


async def _read_customer(known: Known, lines: Sequence[CustomerLine]) -> None:
    await known.read(Customer, [line.no for line in lines])
    await read_orgs(known, [line.managing_org for line in lines])


def _take_customer(known: Known, line: CustomerLine) -> tuple[LineStatus, str]:
    old, org = known.get(Customer, line.no), known.need(Org, line.managing_org, "managing_org")

    def seal(text: str, field: str) -> str:
        return known.sealer.seal(text, record=line.no, field=field)

    new = Customer(
        id=old.id if old else new_id(Customer),
        no=line.no,
        type=line.type,
        name=seal(line.name, "name"),
        id_type=line.id_type,
        id_no=seal(line.id_no, "id_no"),
        id_hash=known.sealer.fingerprint(f"{line.id_type}:{line.id_no}"),
        phones=tuple(seal(phone, "phones") for phone in line.phones),
        rating=line.rating,
        group_no=line.group,
        managers=tuple(line.managers),
        org_code=org.code,
        org_path=org.org_path,
    )
    return upserted(known, old, new)


async def _read_partner(known: Known, lines: Sequence[PartnerLine]) -> None:
    await known.read(Partner, [line.no for line in lines])
    await read_orgs(known, [line.org for line in lines])


def _take_partner(known: Known, line: PartnerLine) -> tuple[LineStatus, str]:
    old, org = known.get(Partner, line.no), known.need(Org, line.org, "org")
    new = Partner(
        id=old.id if old else new_id(Partner),
        no=line.no,
        name=line.name,
        kind=line.kind,
        active=line.active,
        org_code=org.code,
        org_path=org.org_path,
    )
    return upserted(known, old, new)


async def _read_vault(known: Known, lines: Sequence[VaultLine]) -> None:
    await known.read(Vault, [line.code for line in lines])
    await read_orgs(known, [line.org for line in lines])
    codes = [line.code for line in lines]
    await known.read_lists(_OPEN_COUNTS, Stocktake, "vault", codes, state=StocktakeState.OPEN.value)
    await read_slots(known, codes)


def _take_vault(known: Known, line: VaultLine) -> tuple[LineStatus, str]:
    old, org = known.get(Vault, line.code), known.need(Org, line.org, "org")
    refuse_if([too_many_slots(_slots_after(known, line), field="cabinets")])
    if old is not None and old.org_path != org.org_path:
        raise Refused(_fixed(f"Vault {line.code}", "its organisation never changes"))
    new = Vault(
        id=old.id if old else new_id(Vault),
        code=line.code,
        name=line.name,
        status=VaultStatus.FROZEN_FOR_COUNT if _is_counted(known, line.code) else line.status,
        passed_on_at=old.passed_on_at if old else None,
        counted_from=old.counted_from if old else None,
        count_look_on=old.count_look_on if old else None,
        org_code=org.code,
        org_path=org.org_path,
    )
    told = [(one, number) for one in line.cabinets for number in one.slots]
    refuse_if(
        refusal
        for one, number in told
        if (slot := known.get(Slot, f"{line.code}/{one.cabinet}/{number}")) is not None
        and slot.capacity != one.capacity
        for refusal in capacity_refusals(slot, capacity=one.capacity, now=known.now)
    )
    status, id = upserted(known, old, new)
    changed = False
    for one, number in told:
        changed |= _slot(known, new, one.cabinet, number, one.capacity)
    if status is LineStatus.UNCHANGED and changed:
        status = LineStatus.UPDATED
    return status, id


async def read_slots(known: Known, vaults: Iterable[str]) -> None:
    """The slots of these vaults, one vault a question: no vault has more than one may bring."""
    for code in sorted(set(vaults)):
        for slot in await known.decision.find(Slot, {"vault": code}):
            known.found[Slot, slot.label] = slot


def _slots_after(known: Known, line: VaultLine) -> int:
    """How many slots the vault has once the line is taken."""
    here = {one.label for one in known.found.values() if _is_slot(one, line.code)}
    told = {f"{line.code}/{one.cabinet}/{number}" for one in line.cabinets for number in one.slots}
    return len(here | told)


def _is_slot(entity: Any, vault: str) -> bool:
    return isinstance(entity, Slot) and entity.vault == vault


def _is_counted(known: Known, vault: str) -> bool:
    """A vault that is being counted stays frozen, whatever the feed says (CUS-18)."""
    return bool(known.listed(_OPEN_COUNTS, vault))


def _slot(known: Known, vault: Vault, cabinet: str, number: str, capacity: int) -> bool:
    label = f"{vault.code}/{cabinet}/{number}"
    old = known.get(Slot, label)
    if old is not None and old.capacity == capacity:
        return False
    if old is not None:
        known.found[Slot, label] = known.decision.save(replace(old, capacity=capacity))
        return True
    known.found[Slot, label] = known.decision.add(
        Slot(
            id=new_id(Slot),
            vault=vault.code,
            cabinet=cabinet,
            slot=number,
            capacity=capacity,
            org_code=vault.org_code,
            org_path=vault.org_path,
        )
    )
    return True


async def _read_days(known: Known, lines: Sequence[WorkCalendarLine]) -> None:
    """The calendar is written as it is told."""


def _take_day(known: Known, line: WorkCalendarLine) -> tuple[LineStatus, str]:
    id = line.date.isoformat()
    told = known.rules.calendar.exceptions.get(line.date)
    if told is line.is_working:
        return LineStatus.UNCHANGED, id
    known.decision.write(
        "work_calendar",
        Update({"_id": id}, {"$set": {"is_working": line.is_working}}, upsert=True),
    )
    known.decision.write("meta", BUMP)
    return LineStatus.CREATED if told is None else LineStatus.UPDATED, id


async def _read_policy(known: Known, lines: Sequence[PolicyValueLine]) -> None:
    """A policy value is written as it is told."""


def _take_policy(known: Known, line: PolicyValueLine) -> tuple[LineStatus, str]:
    wrong = unfit(line.key, line.value)
    if wrong is not None:
        raise Refused(wrong)
    id = f"{line.key}@{line.effective_from.isoformat()}"
    record: dict[str, Any] = {
        "key": line.key,
        "value": line.value,
        "effective_from": line.effective_from.isoformat(),
        "effective_to": None if line.effective_to is None else line.effective_to.isoformat(),
    }
    known.decision.write("policy_values", Update({"_id": id}, {"$set": record}, upsert=True))
    known.decision.write("meta", BUMP)
    return LineStatus.UPDATED, id


def _fixed(subject: str, reason: str) -> Refusal:
    return Refusal(
        code=RefusalCode.IMMUTABLE,
        rule_id="IMPORT",
        detail={"subject": subject, "reason": reason},
    )


PARTY_KINDS = {
    "Org": Kind(read=_read_org, take=_take_org),
    "User": Kind(read=_read_user, take=_take_user),
    "Customer": Kind(read=_read_customer, take=_take_customer),
    "Partner": Kind(read=_read_partner, take=_take_partner),
    "Vault": Kind(read=_read_vault, take=_take_vault),
    "WorkCalendar": Kind(read=_read_days, take=_take_day),
    "PolicyValue": Kind(read=_read_policy, take=_take_policy),
}
