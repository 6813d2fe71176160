"""Customers (客户) and partner institutions (合作机构)."""

from dataclasses import dataclass
from enum import StrEnum


class CustomerType(StrEnum):
    """Kind of customer (客户类型)."""

    INDIVIDUAL = "INDIVIDUAL"
    CORPORATE = "CORPORATE"
    MICRO = "MICRO"


class IdType(StrEnum):
    """Kind of identity document (证件类型)."""

    ID_CARD = "ID_CARD"
    PASSPORT = "PASSPORT"
    BUSINESS_LICENSE = "BUSINESS_LICENSE"
    OTHER = "OTHER"


class PartnerKind(StrEnum):
    """Kind of partner institution (合作机构类型)."""

    DEVELOPER = "DEVELOPER"
    DEALER = "DEALER"
    AGENCY = "AGENCY"
    GUARANTEE_COMPANY = "GUARANTEE_COMPANY"
    INSURER = "INSURER"
    APPRAISER = "APPRAISER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer (客户). Name, identity number and phones are sealed; `id_hash` finds equals."""

    id: str
    no: str
    type: CustomerType
    name: str
    id_type: IdType
    id_no: str
    id_hash: str
    phones: tuple[str, ...] = ()
    rating: str | None = None
    group_no: str | None = None
    managers: tuple[str, ...] = ()
    org_code: str
    org_path: str
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """A partner institution (合作机构)."""

    id: str
    no: str
    name: str
    kind: PartnerKind
    active: bool = True
    org_code: str
    org_path: str
    version: int = 0


def masked_name(name: str) -> str:
    """The first character and stars: 张**."""
    return name[:1] + "*" * min(len(name) - 1, 4)


def masked_number(number: str) -> str:
    """The first and last four characters, where enough remain hidden."""
    if len(number) < 11:
        return "*" * len(number)
    return number[:3] + "*" * (len(number) - 7) + number[-4:]
