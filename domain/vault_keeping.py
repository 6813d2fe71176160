"""Who keeps a vault (库管): substitutes for a keeper on leave, and a change of keepers.

Source: CUS-04f, CUS-20; domain 3.2.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from domain.orgs import covers
from domain.people import Leave, RoleGrant, Substitution, User
from domain.refusals import Forbidden, Refusal, RefusalCode, invalid, state_conflict
from domain.roles import Role
from domain.vaults import Vault

MIN_KEEPERS = 2  # no vault event is one person's (CUS-04)
MAX_SUBSTITUTION_DAYS = 180
MAX_SIDE = 10
# Whoever requests, hands over, approves, supervises or audits never keeps as well (3.2).
OTHER_PARTS = frozenset(
    {
        Role.RELATIONSHIP_MANAGER,
        Role.CERT_HANDLER,
        Role.MORTGAGE_REGISTRAR,
        Role.VAULT_SUPERVISOR,
        Role.LEGAL_OFFICER,
        Role.APPROVER,
        Role.AUDITOR,
    }
)


class KeeperChangeState(StrEnum):
    """State of a change of keepers (库管交接状态)."""

    OPEN = "OPEN"
    COMPLETED = "COMPLETED"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One person's signature, in the own request (签字)."""

    login: str
    signed_at: datetime
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeeperChange:
    """A vault that passes to other keepers (库管交接): all sign, a supervisor oversees (监交)."""

    id: str
    no: str
    vault: str
    leaving: tuple[str, ...]  # logins
    joining: tuple[str, ...]
    opened_by: str
    opened_at: datetime
    signatures: tuple[Signature, ...] = ()
    overseen_by: str | None = None
    ended_at: datetime | None = None
    state: KeeperChangeState = KeeperChangeState.OPEN
    org_code: str
    org_path: str
    version: int = 0

    @property
    def unsigned(self) -> tuple[str, ...]:
        """Who has still to sign."""
        signed = {signature.login for signature in self.signatures}
        return tuple(login for login in (*self.leaving, *self.joining) if login not in signed)


@dataclass(frozen=True, slots=True, kw_only=True)
class FullCount:
    """A full count (全面盘库) of the vault that was finalised, and how many things differed."""

    finalised_at: datetime
    differences: int
    count_ids: tuple[str, ...] = ()  # the counts that it is made of


def substitution_refusals(
    vault: Vault,
    keeper: User | None,
    substitute: User | None,
    *,
    valid_from: date,
    valid_to: date,
    appointed_by: str,
    today: date,
) -> Iterator[Refusal | None]:
    """Every rule that an appointment breaks: beforehand, dated, nobody with another part."""
    if keeper is None or vault.code not in keeper.vaults:
        yield _invalid("keeper", f"is no keeper of {vault.code}")
    if substitute is None or not substitute.active:
        yield _invalid("substitute", "nobody signs in by that login")
    if valid_from < today:
        yield _invalid("validFrom", "a substitute is appointed beforehand")
    if not 0 <= (valid_to - valid_from).days < MAX_SUBSTITUTION_DAYS:
        yield _invalid("validTo", f"1 to {MAX_SUBSTITUTION_DAYS} days, both ends included")
    if keeper is not None and _any_overlap(keeper.leaves, vault.code, valid_from, valid_to):
        yield _invalid("keeper", f"somebody stands in for {keeper.login} at that time already")
    if substitute is None:
        return
    if vault.code in substitute.vaults:
        yield _sod(substitute.login, "keeper")
    elif _any_overlap(substitute.substitutions, vault.code, valid_from, valid_to):
        yield _sod(substitute.login, "substitute")
    part = other_part(substitute, valid_from, valid_to)
    if substitute.login == appointed_by:
        yield _sod(substitute.login, "supervisor")
    elif part is not None:
        yield _sod(substitute.login, part)


def other_part(user: User, valid_from: date, valid_to: date) -> str | None:
    """The part the person plays elsewhere in custody on any of those days; none may keep."""
    held = [
        grant.role
        for grant in user.roles
        if grant.role in OTHER_PARTS and _overlap(grant, valid_from, valid_to)
    ]
    return held[0].value.lower().replace("_", " ") if held else None


def appointed(
    keeper: User,
    substitute: User,
    *,
    vault: str,
    grant: RoleGrant,
    by: str,
    now: datetime,
) -> tuple[User, User]:
    """The keeper on leave, and the substitute in his place, for the days of the grant."""
    assert grant.valid_from is not None
    assert grant.valid_to is not None
    days = {"vault": vault, "valid_from": grant.valid_from, "valid_to": grant.valid_to}
    leave = Leave(substitute=substitute.login, **days)  # type: ignore[arg-type]
    duty = Substitution(
        keeper=keeper.login,
        grant=grant,
        appointed_by=by,
        appointed_at=now,
        **days,  # type: ignore[arg-type]
    )
    return (
        replace(keeper, leaves=(*keeper.leaves, leave)),
        replace(substitute, substitutions=(*substitute.substitutions, duty)),
    )


def change_refusals(
    vault: Vault,
    keepers: Sequence[User],
    joining: Sequence[User],
    *,
    leaving_logins: Sequence[str],
    joining_logins: Sequence[str],
    open_change: KeeperChange | None,
    today: date,
) -> Iterator[Refusal | None]:
    """Every rule that a change of keepers breaks when it begins (CUS-20).

    keepers: the vault's keepers now; joining: those of `joining_logins` who sign in here.
    """
    if open_change is not None:
        yield Refusal(
            code=RefusalCode.OPEN_REQUEST_EXISTS,
            rule_id="CUS-20",
            detail={"subject": vault.code, "lock": f"KEEPER_CHANGE {open_change.no}"},
        )
    yield from _sides(leaving_logins, joining_logins)
    known = {keeper.login for keeper in keepers}
    for login in leaving_logins:
        if login not in known:
            yield _invalid("leaving", f"{login} is no keeper of {vault.code}", "CUS-20")
    found = {user.login: user for user in joining if user.active}
    for login in joining_logins:
        if login not in found:
            yield _invalid("joining", f"nobody signs in as {login}", "CUS-20")
        elif login in known:
            yield _invalid("joining", f"{login} is a keeper of {vault.code} already", "CUS-20")
        else:
            yield from _fit_to_keep(found[login], vault, today, field="joining")
    standing = {one.login for one in keepers if one.active and _may_keep(one, vault, today)}
    left = len(standing - set(leaving_logins)) + len(set(joining_logins) - known)
    if left < MIN_KEEPERS:
        yield _invalid("joining", f"{left} keeper would be left, two are needed", "CUS-20")


def signing_refusals(change: KeeperChange, *, login: str) -> Iterator[Refusal | None]:
    """Each of the old and new keepers signs once. Raises: Forbidden to others (CUS-20)."""
    if login not in {*change.leaving, *change.joining}:
        raise Forbidden("Only the keepers who leave or join sign this change.")
    signed = login not in change.unsigned
    yield _over(change, "SIGN") or (
        state_conflict("CUS-20", subject=f"Change {change.no}", state="signed", event="SIGN")
        if signed
        else None
    )


def completion_refusals(
    change: KeeperChange,
    vault: Vault,
    joining: Sequence[User],
    *,
    supervisor: str,
    count: FullCount | None,
    uncounted: int,
    today: date,
) -> Iterator[Refusal | None]:
    """Everything that keeps keepers from changing: a signature, the count, any difference.

    joining: those who join, as they are by now. count: the last full count that was finalised since
    the change began. uncounted: how many papers have come in since their cabinet was counted.
    """
    for user in joining:
        yield from _fit_to_keep(user, vault, today, field="changeId")
    yield _over(change, "COMPLETE")
    for login in change.unsigned:
        yield _invalid("changeId", f"{login} has not signed", "CUS-20")
    if supervisor in {*change.leaving, *change.joining}:
        yield _sod(supervisor, "keeper", "CUS-20")
    if count is None:
        yield _uncounted(change, "not counted since the change began")
    elif count.differences:
        yield _uncounted(change, f"counted with {count.differences} differences")
    elif uncounted:
        yield _uncounted(change, f"counted but for {uncounted} papers that came in since")


def passed_on(change: KeeperChange, user: User) -> User:
    """A keeper of the change as the vault passes on: one keeps it no longer, another from now."""
    if user.login in change.joining:
        return replace(user, vaults=(*user.vaults, change.vault))
    return replace(user, vaults=tuple(code for code in user.vaults if code != change.vault))


def _may_keep(user: User, vault: Vault, today: date) -> bool:
    """Whether the person holds the role there that day."""
    reached = [
        grant.jurisdiction_path
        for grant in user.roles
        if grant.role is Role.VAULT_KEEPER and _overlap(grant, today, today)
    ]
    return any(covers(path, vault.org_path) for path in reached)


def _fit_to_keep(user: User, vault: Vault, today: date, *, field: str) -> Iterator[Refusal | None]:
    if not user.active or not _may_keep(user, vault, today):
        yield _invalid(field, f"{user.login} does not hold VAULT_KEEPER there", "CUS-20")
    part = other_part(user, today, today)
    if part is not None:
        yield _sod(user.login, part, "CUS-20")


def _sides(leaving: Sequence[str], joining: Sequence[str]) -> Iterator[Refusal | None]:
    for field, logins in (("leaving", leaving), ("joining", joining)):
        if not 0 < len(logins) <= MAX_SIDE or len(set(logins)) != len(logins):
            yield _invalid(field, f"1 to {MAX_SIDE} people, each once", "CUS-20")


def _over(change: KeeperChange, event: str) -> Refusal | None:
    if change.state is KeeperChangeState.OPEN:
        return None
    return state_conflict("CUS-20", subject=f"Change {change.no}", state=change.state, event=event)


def _uncounted(change: KeeperChange, state: str) -> Refusal:
    return state_conflict("CUS-20", subject=change.vault, state=state, event="KEEPER_CHANGE")


def _any_overlap(
    terms: Sequence[Substitution] | Sequence[Leave], vault: str, start: date, end: date
) -> bool:
    return any(term.vault == vault and _overlap(term, start, end) for term in terms)


def _overlap(term: RoleGrant | Substitution | Leave, start: date, end: date) -> bool:
    begun = term.valid_from is None or term.valid_from <= end
    return begun and (term.valid_to is None or start <= term.valid_to)


def _invalid(field: str, reason: str, rule_id: str = "CUS-04f") -> Refusal:
    return invalid(field, reason, rule_id=rule_id)


def _sod(login: str, part: str, rule_id: str = "CUS-04f") -> Refusal:
    return Refusal(
        code=RefusalCode.SOD_VIOLATION, rule_id=rule_id, detail={"person": login, "part": part}
    )
