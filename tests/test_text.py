"""Text on a terminal: nothing raw, columns that hold, whatever a name is made of."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata

import pytest
from fabricated_run import ENDLESS, HOSTILE
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wcwidth import wcswidth

from engine.printable import MOST_MARKS
from engine.render.text import advice, clip, cut, hang, json_line, pad, safe, style, table, width, wrap

# Texts of the characters that are easy to get wrong, beside those that nobody thinks of.
ODD = st.sampled_from(
    "\x00\x07\x1b\x7f\x85\x9b\xa0\xad\u0301\u034f\u061c\u115f\u1160\u180e\u200b\u200d\u200e\u2028\u202e"
    "\u2060\u2066\u2800\u3000\u3164\ud83d\udc4d\ufe0f\ufeff\uffa0\U000e0041\U0001f468 界é🛡"
)
TEXTS = st.text(st.one_of(st.characters(), st.characters(codec="ascii"), ODD), max_size=120)
SAFE = TEXTS.map(safe)


def is_fit(character: str) -> bool:
    """Whether a character may reach a terminal: by Unicode's categories, written down a second time."""
    category = unicodedata.category(character)
    return character in (" ", "\u3000") or (category[0] in "LNPSM" and category != "Me")


@given(TEXTS)
@example(HOSTILE)
def test_nothing_raw_is_left_in_a_safe_text(text: str) -> None:
    shown = safe(text)
    assert [character for character in shown if not is_fit(character)] == []
    assert wcswidth(shown) >= 0
    shown.encode()  # no half of a surrogate pair


@given(TEXTS)
def test_made_safe_twice_is_made_safe_once(text: str) -> None:
    assert safe(safe(text)) == safe(text)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_plain_ascii_stays_as_it_is(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("\x9b31m", "\\x9b31m"),
        ("a\tb\r\nc\x00\x7f", "a\\x09b\\x0d\\x0ac\\x00\\x7f"),
        ("\u202egnp.exe\u2066x\u2069\u200f\u061c", "\\u202egnp.exe\\u2066x\\u2069\\u200f\\u061c"),
        ("a\u200bb\ufeffc\u2060\u00ad", "a\\u200bb\\ufeffc\\u2060\\xad"),
        ("\u2028\u2029\x85", "\\u2028\\u2029\\x85"),
        ("\ud83d", "\\ud83d"),
        ("\U000e0041\ue000\U0010ffff", "\\U000e0041\\ue000\\U0010ffff"),
        ("👩\u200d💻 ❤\ufe0f", "👩\\u200d💻 ❤\\ufe0f"),
        ("\u3164\u115f\u1160\u2800\uffa0\u034f", "\\u3164\\u115f\\u1160\\u2800\\uffa0\\u034f"),
        ("a\xa0b\u2003c", "a\\xa0b\\u2003c"),
        ("1\u20e3", "1\\u20e3"),
        ("株式会社　田中", "株式会社　田中"),
        ("Société Générale, Łódź, Ελλάδα, 한국", "Société Générale, Łódź, Ελλάδα, 한국"),
        ("שלום, مرحبا, हिन्दी", "שלום, مرحبا, हिन्दी"),
        ("e\u0301te\u0301", "e\u0301te\u0301"),
        (None, "None"),
        (42, "42"),
    ],
)  # fmt: skip
def test_what_does_not_show_as_itself_is_written_out(raw: object, shown: str) -> None:
    assert safe(raw) == shown


def test_marks_stay_on_a_character_and_never_pile_up_or_stand_alone() -> None:
    assert safe("e" + "\u0301" * 6) == "e" + "\u0301" * MOST_MARKS + "\\u0301\\u0301"
    assert safe("\u0301a") == "\\u0301a"
    assert safe("\x1b\u0301") == "\\x1b\\u0301"
    assert safe("\u1112\u1161\u11ab") == "\u1112\u1161\u11ab"
    assert safe("\u11ab" * 2) == "\\u11ab\\u11ab"


@given(SAFE)
def test_a_text_is_as_wide_as_its_parts_and_never_narrower_than_it_is_drawn(text: str) -> None:
    assert width(text) == sum(width(character) for character in text)
    assert width(text) >= wcswidth(text)


@given(SAFE, st.integers(0, 60))
def test_what_is_cut_fits_and_begins_as_the_text_does(text: str, columns: int) -> None:
    shown = cut(text, columns)
    assert width(shown) <= columns
    assert shown == text or columns == 0 or (shown.endswith("…") and text.startswith(shown[:-1]))
    assert shown == text or width(text) > columns


@given(SAFE, st.integers(3, 60))
def test_what_is_clipped_fits_and_begins_and_ends_as_the_text_does(text: str, columns: int) -> None:
    shown = clip(text, columns)
    assert width(shown) <= columns
    assert shown == text or any(
        text.startswith(shown[:at]) and text.endswith(shown[at + 1 :])
        for at in range(len(shown))
        if shown[at] == "…"
    )  # fmt: skip


def test_a_clipped_name_still_shows_the_id_in_brackets_at_its_end() -> None:
    shown = clip(safe(ENDLESS + " (acme-corp)"), 60)
    assert shown.startswith("ÆÆÆÆ")
    assert shown.endswith("界 (acme-corp)")
    assert width(shown) in (59, 60)


@given(SAFE, st.integers(8, 60), st.sampled_from(["", "  ", "      "]))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(text: str, columns: int, indent: str) -> None:
    lines = wrap(text, columns + len(indent), indent=indent)
    assert [line for line in lines if width(line) > columns + len(indent)] == []
    assert "".join(line.removeprefix(indent) for line in lines).replace(" ", "") == text.replace(" ", "").replace(
        "\n", ""
    )


def test_words_are_kept_whole_where_they_fit_and_broken_where_they_do_not() -> None:
    assert wrap("one two three", 9) == ["one two", "three"]
    assert wrap("one " + "x" * 20 + " two", 9) == ["one", "xxxxxxxxx", "xxxxxxxxx", "xx two"]
    assert wrap("界" * 6, 9) == ["界界界界", "界界"]
    assert wrap("", 9) == [""]
    assert wrap("two\nparagraphs", 20, indent="> ") == ["> two", "> paragraphs"]


def test_a_text_hangs_behind_its_head() -> None:
    assert hang("  do  ", "read it, then read it again", 18) == [
        "  do  read it, then",
        "      read it",
        "      again",
    ] or (hang("  do  ", "read it, then read it again", 18) == ["  do  read it,", "      then read it", "      again"])
    assert hang("  界  ", "a b", 20) == ["  界  a b"]


def test_a_command_to_copy_stays_whole_on_its_line() -> None:
    command = "runbook run finalize_invoice --invoice 5f3c9d1e-77aa-4f0e-9a53-2d1c9be0a1f4 --confirm 'Acme GmbH'"
    assert advice(f"Look again: {command}\nOr do not.", 30, indent="  ") == [
        "  Look again:",
        f"    {command}",
        "  Or do not.",
    ]
    assert advice("\x1b[2J: runbook \x1b", 30) == ["\\x1b[2J:", "  runbook \\x1b"]


@given(SAFE, st.integers(0, 40))
def test_padding_fills_up_and_cuts_nothing(text: str, columns: int) -> None:
    left, right = pad(text, columns), pad(text, columns, right=True)
    assert width(left) == width(right) == max(columns, width(text))
    assert (left.rstrip(" "), right.lstrip(" ")) == (text.rstrip(" "), text.lstrip(" "))


ROWS = st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=5)


@given(ROWS, st.integers(24, 120), st.integers(0, 2))
def test_a_table_fits_and_its_columns_stay_columns(rows: list[tuple[str, str, str]], limit: int, wide: int) -> None:
    lines = table([(*row, "|") for row in rows], limit=limit, wide=wide)
    assert len(lines) == len(rows)
    assert [line for line in lines if width(line) > limit] == []
    assert {width(line) for line in lines} == {width(lines[0])}
    assert {line[-1] for line in lines} == {"|"}


@pytest.mark.parametrize("name", [HOSTILE, ENDLESS, "株式会社" * 9, "🛡" * 99, ""])
def test_one_odd_name_leaves_the_other_rows_in_their_columns(name: str) -> None:
    lines = table([(name, "9.00 EUR"), ("acme", "1,261.40 EUR")], right=(1,), limit=40)
    assert [width(line) for line in lines] == [width(lines[0])] * 2
    assert lines[0].endswith("     9.00 EUR")
    assert lines[1].endswith("  1,261.40 EUR")


def test_a_table_of_nothing_has_no_lines() -> None:
    assert table([]) == []


def test_colour_stands_around_the_text_and_only_where_there_are_colours() -> None:
    assert style("ok", "good", True) == "\x1b[32mok\x1b[0m"
    assert [style("ok", "good", False), style("ok", "plain", True), style("", "bad", True)] == ["ok", "ok", ""]


@settings(max_examples=200)
@given(st.dictionaries(TEXTS, TEXTS | st.integers() | st.none(), max_size=4))
def test_a_line_of_json_is_ascii_without_controls_and_says_the_same(value: dict[str, str | int | None]) -> None:
    line = json_line(value)
    assert line.endswith("\n")
    assert [character for character in line[:-1] if not " " <= character <= "~"] == []
    assert json.loads(line) == json.loads(json.dumps(value))


def test_a_name_of_a_hundred_thousand_characters_is_drawn_in_one_pass() -> None:
    code = "from engine.render.text import *; t = safe('界W' * 50_000); wrap(t, 80); clip(t, 60); table([(t, t)], limit=80)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
