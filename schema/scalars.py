"""Custom scalars: money, business dates, moments and exact decimals; never a float."""

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from domain.calendar import FIRST_YEAR, LAST_YEAR, SHANGHAI, within_years
from domain.money import fen, yuan

MAX_DECIMAL_LENGTH = 40

Money = NewType("Money", int)


def _money_in(value: Any) -> int:
    if not isinstance(value, str):
        raise ValueError('Money is a decimal string of yuan, like "1234.50".')
    return fen(value)


def _date_out(value: date | str) -> str:
    return value if isinstance(value, str) else value.isoformat()


def _date_in(value: Any) -> date:
    try:
        return within_years(date.fromisoformat(value))
    except (TypeError, ValueError):
        raise ValueError(
            f'A Date is a calendar date from {FIRST_YEAR} to {LAST_YEAR}, like "2025-06-20".'
        ) from None


def _moment_out(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moment_in(value: Any) -> datetime:
    try:
        moment = within_years(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        raise ValueError(
            'A DateTime is RFC 3339 of the years 1900 to 2999, like "2025-06-20T02:00:00Z".'
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


def _decimal_in(value: Any) -> Decimal:
    if not isinstance(value, str) or len(value) > MAX_DECIMAL_LENGTH:
        raise ValueError('A Decimal is a string, like "0.7000".')
    try:
        return Decimal(value)
    except InvalidOperation:
        raise ValueError('A Decimal is a string, like "0.7000".') from None


SCALARS: dict[object, ScalarDefinition] = {
    Money: strawberry.scalar(
        name="Money",
        description="An amount of yuan (元) as a decimal string with two places, like `1234.50`.",
        serialize=yuan,
        parse_value=_money_in,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A business date (业务日期) of Asia/Shanghai, like `2025-06-20`.",
        serialize=_date_out,
        parse_value=_date_in,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment in UTC by RFC 3339, like `2025-06-20T02:00:00.000Z`.",
        serialize=_moment_out,
        parse_value=_moment_in,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description="An exact decimal number as a string, like `0.7000`.",
        serialize=str,
        parse_value=_decimal_in,
    ),
}
