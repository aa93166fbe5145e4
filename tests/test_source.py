"""What is read from YAML is what stands there: nothing raises, places lie in the file, values agree with PyYAML's."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from engine.checks import REGISTRY as CHECKS
from engine.diagnostics import Diagnostic
from engine.library import SHIPPED
from engine.render.diagnostics import render
from engine.source import MOST_BYTES, Node, Parsed, Source, clip, parse, walk
from engine.steps import REGISTRY as STEPS
from engine.validation import validate
from engine.yaml.quick import quick

SHIPPED_TEXT = (SHIPPED / "finalize_invoice.yaml").read_text(encoding="utf-8")

# Texts as a runbook has them, with everything that YAML gives a meaning.
MISREAD = "on off yes no y N True FALSE Null ~ 010 0x1F 0b1 1_000 12:30 1.5 1e3 .5 .nan = 2026-10-01".split()
PIECES = st.sampled_from(
    ["a", "key", "on", "yes", "~", "null", "True", "0", "010", "0x1F", "12:30", "1_000", "1.5", ".5_", "1e5", "=", "<<",
     "2026-10-01", "-", "- ", ": ", ":", "\n", "\n  ", "\n\n", "\r\n", "\r", "\t", "#", " #", "{", "}", "[", "]", ", ",
     '"', "'", "|", ">", "|\n  ", "&a ", "*a", "!", "!!str ", "%", "@", "`", "---\n", "...\n", "?", "${a.b}", "${", "\\",
     "é", "請", "\u2028", "\x85", "\ufeff", "\u202e", "\x07", "\u200d", "😀", "9" * 25, "runbook: x\n", "steps:\n  - id: "]
)  # fmt: skip
TEXTS = st.one_of(st.lists(PIECES, max_size=30).map("".join), st.text(max_size=80))
PLAIN_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff"), max_size=20
)
PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**17), 10**17), PLAIN_TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(PLAIN_TEXT, inner, max_size=4)),
    max_leaves=12,
)


def read(text: str) -> Parsed:
    """The text as a file would hold it."""
    return parse(text.encode("utf-8", "surrogatepass"), "a.yaml")


def is_inside(one: Diagnostic, source: Source) -> bool:
    """Whether a diagnostic points at something in the file, or just behind the end of a line."""
    line = source.line(one.span.line)
    return 1 <= one.span.line <= source.text.count("\n") + 1 and 1 <= one.span.col <= len(line) + 1


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything(content: bytes) -> None:
    parsed = parse(content, "a.yaml")
    assert parsed.root is not None or parsed.diagnostics
    assert all(is_inside(one, parsed.source) for one in parsed.diagnostics)


@given(TEXTS)
@example("a: |\n  x")
@example("a: [\n")
@example('"a')
@example("a\r\nb: c")
@example("\ufeffa: ~")
def test_no_text_raises_anything_and_every_place_is_in_the_file(text: str) -> None:
    parsed = read(text)
    runbook, diagnostics = validate(parsed, STEPS, CHECKS)
    assert (runbook is None) is bool(diagnostics)
    assert [one for one in diagnostics if not is_inside(one, parsed.source)] == []
    assert render(diagnostics, "human", lambda path, number: parsed.source.line(number)) or runbook


@given(TEXTS)
def test_every_node_s_place_is_in_the_file(text: str) -> None:
    parsed = read(text)
    lines = parsed.source.text.count("\n") + 1
    for node in walk(parsed.root) if parsed.root is not None else ():
        for span in (node.span, *node.keys.values()):
            assert 1 <= span.line <= lines
            assert 1 <= span.col <= len(parsed.source.line(span.line)) + 1
            drawn = clip(span, parsed.source)
            assert drawn.col < drawn.end_col <= len(parsed.source.line(span.line)) + 2


def has_only_words_as_keys(value: Any) -> bool:
    """Whether no key is more than text to PyYAML: `on:` is one of ours, and true to it."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and has_only_words_as_keys(item) for key, item in value.items())
    return all(map(has_only_words_as_keys, value)) if isinstance(value, list) else True


@given(TEXTS)
@example("a: 0b")
@example("a: [b, ]\nc: +1\nd: -0\ne: ''\nf:\n")
@example("=")
@example("a: 089")
def test_what_is_read_without_a_word_is_what_pyyaml_reads(text: str) -> None:
    parsed = read(text)
    if parsed.diagnostics or parsed.root is None:
        return
    theirs = yaml.safe_load(parsed.source.text)
    if has_only_words_as_keys(theirs):
        assert same(parsed.root.plain(), theirs)


def same(ours: Any, theirs: Any) -> bool:
    """Equal in value and in type: to Python, `True` is 1."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return type(ours) is type(theirs) and ours == theirs


@given(PLAIN, st.booleans(), st.sampled_from([20, 80, 1000]), st.sampled_from(["\n", "\r\n"]))
def test_plain_data_comes_back_as_it_was_written(value: Any, is_flow: bool, width: int, end: str) -> None:
    text = yaml.safe_dump(value, default_flow_style=is_flow, width=width, allow_unicode=False)
    parsed = read(text.replace("\n", end))
    if {one.code for one in parsed.diagnostics} == {"RB003"}:  # `null` is written out, and told
        return
    assert parsed.diagnostics == []
    assert parsed.root is not None
    assert same(parsed.root.plain(), value)


@pytest.mark.parametrize("word", MISREAD)
def test_a_word_that_yaml_misreads_is_refused_plain_and_kept_in_quotes(word: str) -> None:
    assert [one.code for one in read(f"a: {word}").diagnostics] == ["RB003"]
    quoted = read(f'a: "{word}"')
    assert quoted.diagnostics == []
    assert quoted.root is not None
    assert quoted.root.plain() == {"a": word}


@pytest.mark.parametrize("word", ["true", "7", "24h", "billing_admin", "a:b", "1.2.3", "v1", "nothing", "-", "..."])
def test_a_word_that_reads_as_it_looks_is_taken(word: str) -> None:
    parsed = read(f"a: x{word}" if word in ("-", "...") else f"a: {word}")
    assert parsed.diagnostics == []


def test_a_byte_order_mark_and_windows_line_ends_change_no_place() -> None:
    text = "a: 1\nb:\n  c: [x, on]\n"
    plain = read(text)
    other = read("\ufeff" + text.replace("\n", "\r\n"))
    assert plain.diagnostics == other.diagnostics
    assert [one.span for one in plain.diagnostics] == [plain.diagnostics[0].span]
    assert other.source.line(3) == "  c: [x, on]"


@st.composite
def edited(draw: st.DrawFn) -> str:
    """Some lines of the shipped runbook with a piece of YAML put in, or a few letters taken out."""
    lines = SHIPPED_TEXT.splitlines(keepends=True)
    first = draw(st.integers(0, len(lines) - 1))
    text = "".join(lines[first : first + 8])
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(PIECES) + text[at + draw(st.integers(0, 2)) :]


@given(st.one_of(TEXTS, edited()))
@example("a:\tb")
@example("{a?: b}")
@example("{a: [!x, y]}")
@example("a: |#x\n  b")
@example("a: {<<: b}\n<<: {}")
@example("%A b\n--- c")
@example("a: &b c")
@example("- ! a")
@example("a\n--- b")
@example("a: " + "[" * 45 + "]" * 45)
def test_what_is_read_quickly_is_what_is_read_with_care(text: str) -> None:
    quick, careful = parse(text.encode("utf-8", "replace"), "a.yaml", is_quick=True), read(text)
    assert quick.diagnostics == careful.diagnostics
    assert (quick.root is None) == (careful.root is None)
    if quick.root and careful.root:
        assert quick.root.plain() == careful.root.plain()
        assert [node.is_quoted for node in walk(quick.root)] == [node.is_quoted for node in walk(careful.root)]


def test_the_shipped_runbook_is_read_quickly() -> None:
    root, careful = quick(SHIPPED_TEXT), read(SHIPPED_TEXT).root
    assert root is not None
    assert careful is not None
    assert root.plain() == careful.plain()


def test_the_digest_is_of_the_bytes_as_they_are() -> None:
    assert read("a: 1\n").source.digest != read("a: 1\r\n").source.digest
    assert read("\ufeffa: 1").source.digest == hashlib.sha256(b"\xef\xbb\xbfa: 1").hexdigest()


def test_a_file_that_is_too_large_is_not_looked_into() -> None:
    parsed = parse(b"#" * (MOST_BYTES + 1), "a.yaml")
    assert [(one.code, one.message) for one in parsed.diagnostics] == [("RB001", "the file is larger than 256 KiB")]
    assert [one.message for one in parse(b"#" * MOST_BYTES, "a.yaml").diagnostics] == ["the file is empty"]


def test_a_million_brackets_are_refused_and_not_counted() -> None:
    for text in ("[" * 1_000_000, "- " * 400_000, "{a: " * 200_000, "? " * 300_000):
        assert {one.code for one in read(text).diagnostics} == {"RB001"}


def test_a_node_is_found_by_its_route() -> None:
    root = read("a:\n  - b: 1\n  - c\n").root
    assert isinstance(root, Node)
    found = root.at("a", 0, "b")
    assert found is not None
    assert (found.value, found.kind, found.span.line) == (1, "a whole number", 2)
    assert [root.at("a", 2), root.at("a", "b"), root.at("b", 0), root.at("a", 0, "b", "c")] == [None] * 4
