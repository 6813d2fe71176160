"""Vaults that are due to be counted (盘库到期): whoever leads the count is told, once.

Source: CUS-18. A vault says itself when it has to be looked at next, as papers do.
"""

from dataclasses import replace
from datetime import date

from domain.alerts import Alert, AlertKind
from domain.calendar import md
from domain.count_coverage import INTERVALS, count_due, counted_since
from domain.orgs import OrgLevel
from domain.people import User
from domain.roles import Role
from domain.stocktakes import LEADERS, StocktakeKind
from domain.vaults import Vault
from domain.watch import SubjectKind
from jobs.watch import Round
from resolvers.count_coverage import cabinets_of, counts_done
from storage.records import new_id

LOOK_BACK = 24  # months of counts


async def remind_of_counts(this: Round, id: str) -> int:
    """Tells of every count that is due and not done; how many were told."""
    vault = await this.decision.get(Vault, id)
    if vault.count_look_on is not None and vault.count_look_on > this.today:
        return 0
    start = max(vault.counted_from or this.today, md(this.today, -LOOK_BACK))
    cabinets = await cabinets_of(this.decision, vault.code)
    told, days = 0, []
    for kind in INTERVALS:
        counts = await counts_done(this.decision, vault.code, kind, opened_from=start)
        since = counted_since(counts, cabinets, start)
        due = count_due(kind, since, policy=this.rules.policy, calendar=this.rules.calendar)
        if due > this.today:
            days.append(due)
        else:
            told += await _tell(this, vault, kind, due)
    look = min(days, default=md(this.today, 1))
    from_day = vault.counted_from or this.today
    this.decision.save(replace(vault, counted_from=from_day, count_look_on=look))
    return told


async def _tell(this: Round, vault: Vault, kind: StocktakeKind, due: date) -> int:
    number = f"{vault.id}-{kind}-{due}"
    if await this.decision.first(Alert, {"no": number}) is not None:
        return 0
    logins: tuple[str, ...] = ()
    roles = tuple(sorted(LEADERS[kind]))
    if kind is StocktakeKind.SELF:  # by its own keepers; their supervisor hears of it
        keepers = await this.decision.find(User, {"vaults": vault.code, "active": True})
        logins, roles = tuple(keeper.login for keeper in keepers), (Role.VAULT_SUPERVISOR,)
    this.decision.add(
        Alert(
            id=new_id(Alert),
            no=number,
            kind=AlertKind.STOCKTAKE,
            subject_kind=SubjectKind.VAULT,
            subject=vault.code,
            reason=f"The {kind} count of vault {vault.code} is due on {due} and not done.",
            due_on=due,
            raised_on=this.today,
            logins=logins,
            roles=roles,
            level=OrgLevel.TIER2_BRANCH if kind is StocktakeKind.ANNUAL else None,
            org_code=vault.org_code,
            org_path=vault.org_path,
        )
    )
    return 1
