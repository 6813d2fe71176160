"""Mutations of a vault's supervisor: substitutes, change of keepers, slots (CUS-04f, 08, 20)."""

from dataclasses import replace
from typing import Any

from domain.count_coverage import full_count
from domain.orgs import Org
from domain.people import RoleGrant, User
from domain.refusals import Refused, invalid, refuse_if, state_conflict
from domain.roles import Operation, Role
from domain.stocktakes import StocktakeKind
from domain.substitutions import ended_early, ending_refusals, leave_of
from domain.vault_keeping import (
    FullCount,
    KeeperChange,
    KeeperChangeState,
    Signature,
    appointed,
    change_refusals,
    completion_refusals,
    passed_on,
    signing_refusals,
    substitution_refusals,
)
from domain.vaults import (
    Slot,
    capacity_refusals,
    closing_refusals,
    new_slot_refusals,
)
from resolvers.count_coverage import cabinets_of, counts_done, uncounted
from resolvers.deed import Deed
from resolvers.mutation import mutation
from resolvers.vault_work import slot_at, vault_called
from schema.vault_keeping import (
    KeeperChangePayload,
    SlotCloseInput,
    SlotPayload,
    SlotSetCapacityInput,
    SubstitutePayload,
    VaultAddSlotsInput,
    VaultAppointSubstituteInput,
    VaultEndSubstitutionInput,
    VaultKeeperChangeInput,
    VaultKeeperChangeOpenInput,
    VaultPayload,
)
from storage.records import new_id


@mutation(
    Operation.MANAGE_VAULT,
    SubstitutePayload,
    description="Appoint who stands in for a keeper on leave, dated (顶岗, CUS-04f).",
)
async def vault_appoint_substitute(
    deed: Deed, input: VaultAppointSubstituteInput
) -> dict[str, Any]:
    """CUS-04f: the substitute keeps the vault on those days alone; the other does not."""
    vault = await vault_called(deed, input.vault, rule_id="CUS-04f")
    keeper = await deed.decision.first(User, {"login": input.keeper})
    substitute = await deed.decision.first(User, {"login": input.substitute})
    org = await deed.decision.first(Org, {"code": vault.org_code})
    refuse_if(
        substitution_refusals(
            vault,
            keeper,
            substitute,
            valid_from=input.valid_from,
            valid_to=input.valid_to,
            appointed_by=deed.actor.login,
            today=deed.today,
        )
    )
    assert keeper is not None  # otherwise it was refused
    assert substitute is not None
    assert org is not None  # no vault is imported without one
    away, standing_in = appointed(
        keeper,
        substitute,
        vault=vault.code,
        grant=RoleGrant(
            role=Role.VAULT_KEEPER,
            org_code=org.code,
            org_path=org.org_path,
            org_level=org.level,
            jurisdiction_path=org.jurisdiction_path,
            valid_from=input.valid_from,
            valid_to=input.valid_to,
        ),
        by=deed.actor.login,
        now=deed.now,
    )
    deed.decision.save(away)
    return {"substitute": deed.decision.save(standing_in)}


@mutation(
    Operation.MANAGE_VAULT,
    SubstitutePayload,
    description="End a substitution early; the keeper is back (提前结束顶岗, CUS-04f).",
)
async def vault_end_substitution(deed: Deed, input: VaultEndSubstitutionInput) -> dict[str, Any]:
    """CUS-04f: what either did on the days that have passed stays his."""
    vault = await vault_called(deed, input.vault, rule_id="CUS-04f")
    keeper = await deed.decision.first(User, {"login": input.keeper})
    term: dict[str, Any] = {
        "vault": vault.code,
        "valid_from": input.valid_from,
        "last_day": input.last_day,
    }
    refuse_if(ending_refusals(keeper, today=deed.today, **term))
    assert keeper is not None  # otherwise it was refused
    leave = leave_of(keeper, vault.code, input.valid_from)
    assert leave is not None
    substitute = await deed.decision.first(User, {"login": leave.substitute})
    assert substitute is not None  # nobody is removed
    back, relieved = ended_early(keeper, substitute, **term)
    deed.decision.save(back)
    return {"substitute": deed.decision.save(relieved)}


@mutation(
    Operation.MANAGE_VAULT,
    KeeperChangePayload,
    description="Begin a change of keepers; it takes a full count and all signatures (CUS-20).",
)
async def vault_keeper_change_open(deed: Deed, input: VaultKeeperChangeOpenInput) -> dict[str, Any]:
    """CUS-20, the beginning: nobody keeps or loses the vault yet."""
    vault = await vault_called(deed, input.vault, rule_id="CUS-20")
    keepers = await deed.decision.find(User, {"vaults": vault.code})
    joining = await deed.decision.find(User, {"login": {"$in": input.joining}})
    standing = {"vault": vault.code, "state": KeeperChangeState.OPEN.value}
    refuse_if(
        change_refusals(
            vault,
            keepers,
            joining,
            leaving_logins=input.leaving,
            joining_logins=input.joining,
            open_change=await deed.decision.first(KeeperChange, standing),
            today=deed.today,
        )
    )
    id = new_id(KeeperChange)
    change = KeeperChange(
        id=id,
        no=f"KC{deed.today:%Y%m%d}-{id[-10:]}",
        vault=vault.code,
        leaving=tuple(input.leaving),
        joining=tuple(input.joining),
        opened_by=deed.actor.login,
        opened_at=deed.now,
        org_code=vault.org_code,
        org_path=vault.org_path,
    )
    return {"change": deed.decision.add(change)}


@mutation(
    Operation.MOVE_VAULT,
    KeeperChangePayload,
    description="Sign a change of keepers, as one who leaves or joins (交接签字, CUS-20).",
)
async def vault_keeper_change_sign(deed: Deed, input: VaultKeeperChangeInput) -> dict[str, Any]:
    """CUS-20: each in the own request."""
    change = await deed.subject(KeeperChange, input.change_id)
    refuse_if(signing_refusals(change, login=deed.actor.login))
    signature = Signature(
        login=deed.actor.login, signed_at=deed.now, request_id=deed.context.request_id
    )
    signed = replace(change, signatures=(*change.signatures, signature))
    return {"change": deed.decision.save(signed)}


@mutation(
    Operation.MANAGE_VAULT,
    KeeperChangePayload,
    description="Oversee and complete a change of keepers after a clean count (监交, CUS-20).",
)
async def vault_keeper_change_complete(deed: Deed, input: VaultKeeperChangeInput) -> dict[str, Any]:
    """CUS-20: the supervisor signs last; from now the others keep the vault."""
    change = await deed.subject(KeeperChange, input.change_id)
    vault = await vault_called(deed, change.vault, rule_id="CUS-20")
    count = await _last_full_count(deed, change)
    missed = 0 if count is None else await uncounted(deed.decision, vault.code, count.count_ids)
    refuse_if(
        completion_refusals(
            change,
            vault,
            await deed.decision.find(User, {"login": {"$in": list(change.joining)}}),
            supervisor=deed.actor.login,
            count=count,
            uncounted=missed,
            today=deed.today,
        )
    )
    logins = [*change.leaving, *change.joining]
    for user in await deed.decision.find(User, {"login": {"$in": logins}}):
        deed.decision.save(passed_on(change, user))
    deed.decision.save(replace(vault, passed_on_at=deed.now))
    return {"change": _ended(deed, change, KeeperChangeState.COMPLETED, by=deed.actor.login)}


@mutation(
    Operation.MANAGE_VAULT,
    KeeperChangePayload,
    description="Give up a change of keepers; the old ones stay (CUS-20).",
)
async def vault_keeper_change_withdraw(deed: Deed, input: VaultKeeperChangeInput) -> dict[str, Any]:
    """The keepers stay."""
    change = await deed.subject(KeeperChange, input.change_id)
    if change.state is not KeeperChangeState.OPEN:
        raise Refused(
            state_conflict(
                "CUS-20", subject=f"Change {change.no}", state=change.state, event="WITHDRAW"
            )
        )
    return {"change": _ended(deed, change, KeeperChangeState.WITHDRAWN)}


@mutation(
    Operation.MANAGE_VAULT,
    VaultPayload,
    description="Add slots to a cabinet of a vault (增设库位, CUS-08).",
)
async def vault_add_slots(deed: Deed, input: VaultAddSlotsInput) -> dict[str, Any]:
    """CUS-08. The vault is read and so fenced: of two at once, one counts what the other added."""
    vault = deed.as_expected(await vault_called(deed, input.vault, rule_id="CUS-08"))
    cabinet, names = input.cabinet.strip(), [name.strip() for name in input.slots]
    existing = await deed.decision.count("slots", {"vault": vault.code})
    query = {"vault": vault.code, "cabinet": cabinet, "slot": {"$in": names}}
    known = await deed.decision.find(Slot, query)
    refuse_if(
        [
            *new_slot_refusals(cabinet, names, capacity=input.capacity, existing=existing),
            *(invalid("slots", f"{one.label} exists", rule_id="CUS-08") for one in known),
        ]
    )
    for name in names:
        deed.decision.add(
            Slot(
                id=new_id(Slot),
                vault=vault.code,
                cabinet=cabinet,
                slot=name,
                capacity=input.capacity,
                org_code=vault.org_code,
                org_path=vault.org_path,
            )
        )
    return {"vault": deed.decision.save(vault)}


@mutation(
    Operation.MANAGE_VAULT,
    SlotPayload,
    description="Set how many packets a slot holds (库位容量, CUS-08).",
)
async def slot_set_capacity(deed: Deed, input: SlotSetCapacityInput) -> dict[str, Any]:
    """CUS-08."""
    await vault_called(deed, input.vault, rule_id="CUS-08")
    slot = deed.as_expected(await slot_at(deed, input.vault, input.cabinet, input.slot))
    refuse_if(capacity_refusals(slot, capacity=input.capacity, now=deed.now))
    return {"slot": deed.decision.save(replace(slot, capacity=input.capacity))}


@mutation(
    Operation.MANAGE_VAULT,
    SlotPayload,
    description="Take an empty slot out of use (停用库位, CUS-08).",
)
async def slot_close(deed: Deed, input: SlotCloseInput) -> dict[str, Any]:
    """CUS-08: nothing is laid there any more; its history stays."""
    await vault_called(deed, input.vault, rule_id="CUS-08")
    slot = deed.as_expected(await slot_at(deed, input.vault, input.cabinet, input.slot))
    refuse_if(closing_refusals(slot, now=deed.now))
    closed = replace(slot, closed=True, reserved_by=None, reserved_until=None)
    return {"slot": deed.decision.save(closed)}


async def _last_full_count(deed: Deed, change: KeeperChange) -> FullCount | None:
    """The whole vault as it was counted for a change of keepers since this one began."""
    counts = await counts_done(
        deed.decision,
        change.vault,
        StocktakeKind.KEEPER_CHANGE,
        opened_from=change.opened_at,
    )
    return full_count(counts, await cabinets_of(deed.decision, change.vault))


def _ended(
    deed: Deed, change: KeeperChange, state: KeeperChangeState, *, by: str | None = None
) -> KeeperChange:
    return deed.decision.save(replace(change, state=state, overseen_by=by, ended_at=deed.now))
