"""Organisations (机构): six levels from head office to operating branch, and who lies where."""

from dataclasses import dataclass
from enum import StrEnum


class OrgLevel(StrEnum):
    """Level of an organisation (机构层级)."""

    HEAD_OFFICE = "HEAD_OFFICE"
    TIER1_BRANCH = "TIER1_BRANCH"
    TIER2_BRANCH = "TIER2_BRANCH"
    LOAN_CENTER = "LOAN_CENTER"
    COUNTY_SUBCENTER = "COUNTY_SUBCENTER"
    OPERATING_BRANCH = "OPERATING_BRANCH"


TIER2_AND_ABOVE = frozenset({OrgLevel.TIER2_BRANCH, OrgLevel.TIER1_BRANCH, OrgLevel.HEAD_OFFICE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Org:
    """An organisation (机构). `path` runs from head office down, such as `/HO/T1-44/T2-4401`."""

    id: str
    code: str
    name: str
    level: OrgLevel
    parent_code: str | None
    org_path: str
    county: bool = False
    has_vault: bool = False
    archives_centralised: bool = True
    is_operating: bool = False
    jurisdiction_path: str
    version: int = 0


def is_above(level: OrgLevel, other: OrgLevel) -> bool:
    """Whether a level is nearer to head office than another."""
    order = list(OrgLevel)
    return order.index(level) < order.index(other)


def covers(path: str, other: str) -> bool:
    """Whether the organisation at `other` is the one at `path` or lies below it."""
    return other == path or other.startswith(f"{path}/")


def with_those_above(path: str) -> list[str]:
    """The path of an organisation and those of all above it."""
    parts = path.split("/")[1:]
    return ["/" + "/".join(parts[:length]) for length in range(1, len(parts) + 1)]


def jurisdiction(path: str, level: OrgLevel, *, county: bool, parent_is_county: bool) -> str:
    """The subtree an organisation looks after (辖内).

    A loan centre looks after its parent branch, not only itself; a county sub-centre after its
    county: its parent where that is the county's branch, else its own subtree.
    Source: S03 (T9 art. 7); domain 3.2.
    """
    parent = path.rpartition("/")[0] or path
    if level is OrgLevel.LOAN_CENTER:
        return parent
    if level is OrgLevel.COUNTY_SUBCENTER and (parent_is_county or not county):
        return parent
    return path
