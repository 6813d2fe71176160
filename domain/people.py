"""People (人员), their roles, and how far each role reaches."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType

from domain.orgs import OrgLevel, covers
from domain.roles import PERMISSIONS, Operation, Reach, Role

# Where the roles of custody act (3.2); a sub-centre keeps a vault of its own, where it has one.
ACTS_AT: Mapping[Role, frozenset[OrgLevel]] = MappingProxyType(
    {
        Role.RELATIONSHIP_MANAGER: frozenset({OrgLevel.OPERATING_BRANCH}),
        Role.CERT_HANDLER: frozenset({OrgLevel.LOAN_CENTER}),
        Role.VAULT_KEEPER: frozenset(
            {OrgLevel.LOAN_CENTER, OrgLevel.TIER2_BRANCH, OrgLevel.COUNTY_SUBCENTER}
        ),
        Role.VAULT_SUPERVISOR: frozenset({OrgLevel.LOAN_CENTER, OrgLevel.TIER2_BRANCH}),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGrant:
    """One role held at one organisation, both days included."""

    role: Role
    org_code: str
    org_path: str
    org_level: OrgLevel
    jurisdiction_path: str
    county: bool = True  # whether it is a county's organisation (县域行)
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def counts(self) -> bool:
        """Whether the role gives anything there: at its levels, a registrar's in a county (3.2)."""
        levels = ACTS_AT.get(self.role)
        there = levels is None or self.org_level in levels
        return there and (self.county or self.role is not Role.MORTGAGE_REGISTRAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitution:
    """A time in which a person keeps a vault in a keeper's place (顶岗), both days included."""

    vault: str
    keeper: str  # login of who is away
    valid_from: date
    valid_to: date
    grant: RoleGrant  # what makes the person a keeper there meanwhile
    appointed_by: str
    appointed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """A time in which a keeper does not keep a vault (离岗), both days included."""

    vault: str
    substitute: str  # login of who stands in
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person who signs in (用户); keyed by login."""

    id: str
    login: str
    name: str
    org_code: str
    org_path: str
    roles: tuple[RoleGrant, ...] = ()
    vaults: tuple[str, ...] = ()  # codes of the vaults whose keeper this person is
    substitutions: tuple[Substitution, ...] = ()
    leaves: tuple[Leave, ...] = ()
    counting: tuple[str, ...] = ()  # codes of the vaults that this person is counting now
    dedicated: bool = False
    active: bool = True
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts in this request, with the grants in force today."""

    login: str
    user_id: str
    org_code: str
    org_path: str
    grants: tuple[RoleGrant, ...]
    vaults: tuple[str, ...] = ()
    counting: tuple[str, ...] = ()
    _paths: dict[Operation, tuple[str, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )  # what was found out once

    def holds(self, role: Role) -> bool:
        """Whether the person holds this role anywhere today."""
        return any(grant.role is role for grant in self.grants)

    def paths(self, operation: Operation) -> tuple[str, ...]:
        """Roots of the subtrees where the person may do this; ("",) is everywhere."""
        known = self._paths.get(operation)
        if known is None:
            reached = reduced(_path(grant, operation) for grant in self.grants)
            known = self._paths[operation] = reached
        return known

    def may(self, operation: Operation, org_path: str) -> bool:
        """Whether the person may do this to a record of that organisation."""
        return any(covers(path, org_path) for path in self.paths(operation))

    def grants_for(self, operation: Operation, org_path: str) -> tuple[RoleGrant, ...]:
        """The grants that allow this there."""
        return tuple(
            grant
            for grant in self.grants
            if (path := _path(grant, operation)) is not None and covers(path, org_path)
        )

    def grant_for(self, operation: Operation) -> RoleGrant | None:
        """The first grant that allows this anywhere."""
        allowing = (grant for grant in self.grants if _path(grant, operation) is not None)
        return next(allowing, None)

    def acts_for_county(self, operation: Operation) -> bool:
        """Whether the person may do this as a county's registrar (县域行) alone."""
        allowing = PERMISSIONS[operation].keys()
        held = {grant.role for grant in self.grants if grant.role in allowing}
        return held == {Role.MORTGAGE_REGISTRAR}


def actor(user: User, *, today: date) -> Actor:
    """The person as of today: grants that have not begun or have ended do not count.

    A substitute keeps the vault within the dates alone, and who is away does not (CUS-04f).
    """
    standing_in = [s for s in user.substitutions if _in_force(s, today)]
    away = {leave.vault for leave in user.leaves if _in_force(leave, today)}
    kept = [vault for vault in user.vaults if vault not in away]
    held = [grant for grant in user.roles if grant.counts and _in_force(grant, today)]
    return Actor(
        login=user.login,
        user_id=user.id,
        org_code=user.org_code,
        org_path=user.org_path,
        grants=(*held, *(one.grant for one in standing_in)),
        vaults=tuple(dict.fromkeys([*kept, *(one.vault for one in standing_in)])),
        counting=user.counting,
    )


def reduced(paths: Iterable[str | None]) -> tuple[str, ...]:
    """The fewest subtree roots that cover the same records."""
    wanted = sorted({path for path in paths if path is not None}, key=len)
    kept: list[str] = []
    for path in wanted:
        if not any(covers(root, path) for root in kept):
            kept.append(path)
    return tuple(kept)


def _in_force(term: RoleGrant | Substitution | Leave, today: date) -> bool:
    begun = term.valid_from is None or term.valid_from <= today
    return begun and (term.valid_to is None or today <= term.valid_to)


def _path(grant: RoleGrant, operation: Operation) -> str | None:
    match PERMISSIONS[operation].get(grant.role):
        case Reach.OWN:
            return grant.org_path
        case Reach.JURISDICTION:
            return grant.jurisdiction_path
        case Reach.ALL:
            return ""
        case None:
            return None
