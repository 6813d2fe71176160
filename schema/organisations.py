"""Organisations and the people who sign in."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from domain.orgs import OrgLevel
from domain.roles import Role
from schema.fields import named, related
from schema.nodes import Node
from storage.relations import Relation


@strawberry.type(description="An organisation (机构) of the bank.")
class Org(Node):
    """An organisation."""

    prefix: strawberry.Private[str] = "org"

    code: str = named("Business code.")
    name: str = named("Name.")
    level: OrgLevel = named("Level.")
    parent_code: str | None = named("Code of the organisation above.")
    org_path: str = named("Path from head office down.")
    jurisdiction_path: str = named("Root of the subtree it looks after (辖内).")
    county: bool = named("Whether it serves a county (县域).")
    has_vault: bool = named("Whether it has a vault.")
    archives_centralised: bool = named("Whether its paper archives are kept centrally.")
    is_operating: bool = named("Whether it lends.")
    children: list[Annotated["Org", strawberry.lazy("schema.organisations")]] = related(
        Relation(collection="orgs", local="code", foreign="parent_code", many=True, order="code"),
        "Organisations directly below.",
    )


@strawberry.type(description="A role held at an organisation (岗位).")
class RoleGrant:
    """A role held."""

    role: Role = named("The role.")
    org_code: str = named("Where it is held.")
    org_level: OrgLevel = named("Level of that organisation.")
    valid_from: date | None = named("First day; none means always.")
    valid_to: date | None = named("Last day; none means until revoked.")


@strawberry.type(description="A time in which a person keeps a vault in a keeper's place (顶岗).")
class Substitution:
    """A substitute's duty."""

    vault: str = named("Code of the vault.")
    keeper: str = named("Login of the keeper who is away.")
    valid_from: date = named("First day.")
    valid_to: date = named("Last day.")
    appointed_by: str = named("Login of the supervisor who appointed.")
    appointed_at: datetime = named("When.")


@strawberry.type(description="A time in which a keeper does not keep a vault (离岗).")
class Leave:
    """A keeper's leave."""

    vault: str = named("Code of the vault.")
    substitute: str = named("Login of who stands in.")
    valid_from: date = named("First day.")
    valid_to: date = named("Last day.")


@strawberry.type(description="A person who signs in (用户).")
class User(Node):
    """A user."""

    prefix: strawberry.Private[str] = "user"

    login: str = named("Login; the subject of the token.")
    name: str = named("Name of the employee.")
    org_code: str = named("Organisation.")
    org_path: str = named("Path of the organisation.")
    roles: list[RoleGrant] = named("Roles held, with their times.")
    vaults: list[str] = named("Codes of the vaults this person keeps.")
    substitutions: list[Substitution] = named("When this person stands in for a keeper.")
    leaves: list[Leave] = named("When somebody stands in for this keeper.")
    dedicated: bool = named("Whether the person does post-loan work only (专职).")
    active: bool = named("Whether the person may sign in.")
