"""Values that are near an edge, and the many ways in which CEL lets one be written."""

from __future__ import annotations

from random import Random

LEAST, MOST = -(2**63), 2**63 - 1
INTS = (
    0,
    1,
    -1,
    2,
    3,
    7,
    10,
    99,
    100,
    2**31,
    2**53 + 1,
    3037000500,
    MOST,
    MOST - 1,
    LEAST,
    LEAST + 1,
    MOST // 2,
    LEAST // 2,
)
DOUBLES = (
    "0.0",
    "-0.0",
    "1.0",
    "0.1",
    "2.5",
    "-3.75",
    "1e308",
    "5e-324",
    "9223372036854775807.0",
    "-9223372036854775808.0",
)
WORDS = (
    "",
    "a",
    "A",
    "ab",
    "draft",
    "é",
    "e\u0301",
    "ÿ",
    "日本",
    "😀",
    "😀é",
    "\u200d",
    "İ",
    "ß",
    "\uffff",
    "\U0010ffff",
    "0",
    "true",
)
MARKS = ("'", '"', "\\", "\n", "\r", "\t", "`", "?", "\a", "\v", "\x7f", "\u2028", "${x}", "//", " ", "\\n")
ZONES = (
    "UTC Europe/Berlin America/New_York Asia/Kathmandu Pacific/Apia Africa/Monrovia +02:00 -09:30 02:00 +14:00 No/Zone"
).split()
MOMENTS = (
    "1970-01-01T00:00:00Z 2026-10-25T00:59:59.999999Z 2026-10-25T01:00:00Z 2026-03-29T01:00:00Z 2024-02-29T12:00:00Z "
    "2023-12-31T23:59:59Z 2026-11-02T09:30:00+01:00 1969-12-31T23:59:59.5Z 2000-01-01T00:00:00-11:30 2100-06-01T00:00:00Z "
    "0001-01-01T00:00:00Z 9999-12-31T23:59:59Z 1900-03-01T00:00:00Z 2026-01-01T00:00:00.001Z 2262-04-12T00:00:00Z "
    "2026-10-30T24:00:00Z 2026-02-30T00:00:00Z 2026-10-30 2026-10-30T10:00:00 2026-13-01T00:00:00Z 20261030T100000Z "
    "2026-10-30T10:00:00.Z 2026-10-30T10:00:00.0000001Z 2026-10-30T10:00Z 2026-W44-5T10:00:00Z"
).split()
SPANS = (
    "0s 1s -1s 1h 24h 90m 1h30m 1.5h -2h45m 1ms 1us 100000us 0.000001s 86400s 1h0m1s 720h 87600h 2540400h 0 1d s 1 -1h1s "
    "99999999h 0.5s -0.25s 1m -90m .5h 1ns 0.0000001s 1000ns"
).split()
NUMBERS = "0 1 -1 42 0012 -0 9223372036854775807 9223372036854775808 -9223372036854775808 1.0 1_0 0x1F abc - \u0661 1e3".split()


def a_number(rng: Random) -> int:
    """An int of 64 bits, near an edge or small."""
    if rng.random() < 0.35:
        return min(MOST, max(LEAST, rng.choice(INTS) + rng.randint(-1, 1)))
    return rng.randint(-5, 12) if rng.random() < 0.8 else rng.randint(LEAST, MOST)


def a_word(rng: Random) -> str:
    """A string without NUL, which the oracle cuts off at it."""
    return "".join(rng.choice(WORDS if rng.random() < 0.75 else MARKS) for _ in range(rng.choice((1, 1, 1, 2, 3))))


def written_int(rng: Random, number: int) -> str:
    """An int in one of its spellings."""
    if rng.random() < 0.1:
        return f"{'-' if number < 0 else ''}0x{abs(number):{rng.choice('xX')}}"
    return str(number)


def written_string(rng: Random, word: str) -> str:
    """A string in one of its spellings: either quote, three of them, raw, with escapes that must or may be."""
    quote = rng.choice("\"'") * rng.choice((1, 1, 1, 1, 3))
    is_one_line = len(quote) == 1
    if (
        rng.random() < 0.15
        and "\\" not in word
        and quote[0] not in word
        and not (is_one_line and set(word) & set("\n\r"))
    ):
        return rng.choice("rR") + quote + word + quote
    return quote + "".join(_escaped(rng, one, quote) for one in word) + quote


_NAMED = {"\n": "n", "\r": "r", "\t": "t", "\a": "a", "\b": "b", "\f": "f", "\v": "v"}


def _escaped(rng: Random, one: str, quote: str) -> str:
    must = one in ("\\", quote[0]) or (one in "\n\r" and (len(quote) == 1 or one == "\r"))
    if not must and rng.random() > 0.08:
        return one
    if one in _NAMED and rng.random() < 0.7:
        return "\\" + _NAMED[one]
    if one in "\\\"'`?" and rng.random() < 0.8:
        return "\\" + one
    code = ord(one)
    forms = [f"\\U{code:08x}"]
    if code < 0x10000:
        forms.append(f"\\u{code:04X}")
    if code < 0x100:
        forms += [f"\\x{code:02x}", f"\\{code:03o}"]
    return rng.choice(forms)
