"""Plain values that every floor shares: money, ids, months, durations, secrets, canonical JSON. Floor 0."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from engine.plain import dataclass

# ISO 4217, the currencies whose minor unit is not a hundredth (list of 2024-06-25).
_MINOR_DIGITS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(),
        0,
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}


def minor_digits(currency: str) -> int:
    """How many decimals `currency` (ISO 4217) has: 2 for EUR, 0 for JPY, 3 for KWD."""
    return _MINOR_DIGITS.get(currency, 2)


def currencies_by_digits() -> dict[int, list[str]]:
    """The currencies that have not two decimals, by how many they have."""
    found: dict[int, list[str]] = {}
    for code, digits in sorted(_MINOR_DIGITS.items()):
        found.setdefault(digits, []).append(code)
    return found


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in whole minor units (`cents`) of `currency`. Never a float, never added across currencies."""

    cents: int
    currency: str

    @classmethod
    def parse(cls, text: str) -> Money:
        """Read `1261.40 EUR` or `1,261.40 EUR`. Raises ValueError that says what is wrong and what is expected."""
        match = re.fullmatch(r"\s*(-?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?\s+([A-Z]{3})\s*", text, re.ASCII)
        if not match:
            raise ValueError("an amount with its currency is needed, as `1261.40 EUR`")
        sign, whole, fraction, currency = match.groups()
        digits = minor_digits(currency)
        if len(fraction or "") != digits:
            if digits == 0:
                raise ValueError(f"{currency} has no minor unit: write `{whole} {currency}`")
            raise ValueError(
                f"{currency} has {digits} decimals: write them all, as `1261.{'40000'[:digits]} {currency}`"
            )
        cents = int(whole.replace(",", "") + (fraction or ""))
        return cls(-cents if sign else cents, currency)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return _kept_or(cls, lambda kept: cls(int(kept["amount_cents"]), str(kept["currency"])), Mapping)

    def __add__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.cents + other.cents, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.cents - other.cents, self.currency)

    def _same_currency(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added")

    @property
    def figure(self) -> str:
        """The number alone, grouped: `1,261.40`."""
        digits = minor_digits(self.currency)
        amount = abs(self.cents)
        whole, fraction = divmod(amount, 10**digits)
        text = f"{whole:,}" + (f".{fraction:0{digits}d}" if digits else "")
        return "-" + text if self.cents < 0 else text

    @property
    def plain(self) -> str:
        """As it is typed on a command line: `1261.40 EUR`."""
        return str(self).replace(",", "")

    def __str__(self) -> str:
        return f"{self.figure} {self.currency}"


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month, `2026-10`."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read `2026-10`. Raises ValueError."""
        match = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text, re.ASCII)
        if not match:
            raise ValueError("a month is needed, as `2026-10`")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return _kept_or(cls, cls.parse, str)

    @classmethod
    def of(cls, day: date) -> Month:
        """The month that `day` (a date, or a datetime in the zone that matters) lies in."""
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


def _kept_or(kind: type, read: Callable[[Any], Any], form: type) -> Any:
    """As a field of a model: an instance, or what a record keeps of one, which is what a later process has of it."""
    from pydantic_core import core_schema

    def again(value: Any) -> Any:
        try:
            return read(value) if isinstance(value, form) else value
        except (KeyError, ValueError):
            return value

    return core_schema.no_info_before_validator_function(again, core_schema.is_instance_schema(kind))


_DURATION_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_duration(text: str) -> timedelta:
    """Read `24h`, `90s`, `1h30m`, `2d`. Raises ValueError."""
    if not re.fullmatch(r"(\d{1,9}[smhd])+", text, re.ASCII):
        raise ValueError("a duration is needed, as `24h`, `90s` or `1h30m`")
    parts = re.findall(r"(\d+)([smhd])", text, re.ASCII)
    if len({unit for _, unit in parts}) != len(parts):
        raise ValueError("a unit stands twice; write each once, as `1h30m`")
    try:
        return timedelta(seconds=sum(int(number) * _DURATION_UNITS[unit] for number, unit in parts))
    except OverflowError:
        raise ValueError("this duration is longer than a calendar") from None


def show_duration(span: timedelta) -> str:
    """`1d2h`, `3h10m`, `42s`: the two largest units, rounded down."""
    left = int(abs(span.total_seconds()))
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return ("-" if span < timedelta(0) else "") + ("".join(parts[:2]) or "0s")


def parse_lago_id(text: str) -> str:
    """A Lago id: a UUID in any case, or the address of an invoice in Lago's dashboard. Answers it in lower case.

    The address is `https://HOST/ORG/customer/UUID/invoice/UUID/overview` (`web_url` in every recording).
    Raises ValueError: an id goes into a path only after it has passed here.
    """
    wanted = "a Lago invoice id is needed: a UUID, or the invoice's address in Lago's dashboard"
    text = text.strip()
    if text.lower().startswith(("http://", "https://")):
        try:
            parts = urlsplit(text).path.split("/")
        except ValueError:
            raise ValueError(wanted) from None
        at = [index for index, part in enumerate(parts) if part == "invoice"]
        if not at or at[-1] + 1 >= len(parts):
            raise ValueError(f"{wanted}; this address names no invoice")
        text = parts[at[-1] + 1]
    if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text, re.ASCII | re.IGNORECASE):
        raise ValueError(wanted)
    return str(uuid.UUID(text))


class Secret:
    """A key, cookie or token. It cannot be printed, pickled or compared by accident; `reveal()` is the only way out."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself; call it only where it goes onto the wire."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(set)"

    __str__ = __repr__

    def __reduce__(self) -> Any:
        raise TypeError("a Secret is never pickled")

    def __format__(self, spec: str) -> str:
        return repr(self)


def iso(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds: `2026-11-23T12:00:00.000000Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


PLAIN = frozenset({str, int, bool, type(None)})
"""Types of most values that are recorded. Whether something is a model takes much longer to tell, so it is asked after this."""


def jsonable(value: Any) -> Any:
    """The value as canonical JSON knows it: no floats, decimals and times as text, money as cents with currency.

    Raises TypeError for anything else, so that nothing slips into a record unseen.
    """
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return value
    if kind is dict:
        return {str(key): jsonable(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [jsonable(item) for item in value]
    if isinstance(value, int):
        if abs(value) >= 2**53:
            raise TypeError(f"{value} is not exact in JSON")
        return value
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return show_decimal(value)
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date | Month):
        return str(value)
    if isinstance(value, timedelta):
        return f"{int(value.total_seconds())}s"
    if isinstance(value, Money):
        return {"amount_cents": value.cents, "currency": value.currency}
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else value
        return [jsonable(item) for item in items]
    raise TypeError(f"{type(value).__name__} has no place in a record")


def show_decimal(value: Decimal) -> str:
    """A decimal as plain digits without trailing zeros: 20.0 and 20 are the same figure."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def canonical(value: Any) -> bytes:
    """RFC 8785 within the profile that `jsonable` enforces: sorted keys, no spaces, no floats, UTF-8.

    A lone surrogate (no character, yet JSON can carry one) is kept as the escape it came as; the two halves of a
    character become that character, since that is what reading them back gives.
    """
    return encoded(jsonable(value))


def encoded(value: Any) -> bytes:
    """The same of a value that `jsonable` answered, or that canonical JSON was read as: it is not looked through again."""
    text = _dumped(value)
    try:
        return text.encode()
    except UnicodeEncodeError:
        joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        text = _dumped(json.loads(joined))
        return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text).encode()


_dumped = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def digest(value: Any) -> str:
    """`sha256:` and the hex digest of the canonical JSON of `value`."""
    return "sha256:" + hashlib.sha256(canonical(value)).hexdigest()
