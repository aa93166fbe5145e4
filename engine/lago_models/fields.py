"""What a field of Lago's JSON may hold: exact cents, exact decimals, moments in UTC, and text as it comes. Floor 1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, GetCoreSchemaHandler
from pydantic_core import CoreSchema
from pydantic_core import core_schema as be

from engine.plain import dataclass
from engine.values import canonical, jsonable

# JSON carries integers exactly up to here, and so does the journal.
_EXACT = 2**53 - 1


def _decimal(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number is needed, not true or false")
    return value


def _plain_size(value: Decimal) -> Decimal:
    if value and abs(value.adjusted()) > 60:
        raise ValueError("a number of at most 60 digits is needed")
    return value


def _in_utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _text(value: Any) -> str:
    # Pydantic's own text refuses a lone surrogate; a strange name is no reason not to read an invoice.
    if not isinstance(value, str):
        raise ValueError("text is needed")
    return value


def _without_floats(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, Mapping):
        return {str(key): _without_floats(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_floats(item) for item in value]
    return value


def _none_as_empty(value: Any) -> Any:
    return () if value is None else value


def _bare_day(value: Any) -> Any:
    if not isinstance(value, str | date):
        raise ValueError("a date is needed, as 2026-11-23")
    return value[:10] if isinstance(value, str) else value


@dataclass(frozen=True, slots=True, eq=False)
class ReadAs:
    """Beside a type: how pydantic reads it, said once. From validators it would work that out for each of 200 fields."""

    schema: CoreSchema

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return self.schema


# Whole minor units; a float, a text or a truth value is an error and never rounded into money.
Cents = Annotated[int, ReadAs(be.int_schema(strict=True, ge=-_EXACT, le=_EXACT))]
# A rate in percent, units, or a precise amount; Lago sends rates as JSON numbers and the rest as text.
Exact = Annotated[
    Decimal,
    ReadAs(
        be.no_info_after_validator_function(
            _plain_size, be.no_info_before_validator_function(_decimal, be.decimal_schema())
        )
    ),
]
Moment = Annotated[datetime, ReadAs(be.no_info_after_validator_function(_in_utc, be.datetime_schema()))]
Day = Annotated[date, ReadAs(be.no_info_before_validator_function(_bare_day, be.date_schema()))]
Text = Annotated[str, ReadAs(be.no_info_plain_validator_function(_text))]
# Any JSON, kept as it is but for floats, which have no place in a record.
Json = Annotated[Any, ReadAs(be.no_info_before_validator_function(_without_floats, be.any_schema()))]
# Put before a tuple's type: a list that Lago sends as null is an empty one.
NullIsEmpty = BeforeValidator(_none_as_empty)


def in_order(items: Iterable[Any]) -> list[Any]:
    """The items as canonical JSON, in an order that depends on nothing but themselves."""
    return sorted((jsonable(item) for item in items), key=canonical)
