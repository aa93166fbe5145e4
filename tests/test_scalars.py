"""A part of a text has its place in the file, whichever way YAML writes the text."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.source import Node, Source, parse, walk
from engine.yaml.scalars import span_in


def written(text: str) -> tuple[Node, Source]:
    parsed = parse(text.encode(), "some.yaml")
    assert parsed.root is not None
    assert parsed.diagnostics == []
    node = parsed.root.at("key")
    assert node is not None
    return node, parsed.source


def shown(text: str, part: str) -> str:
    """What stands in the file where `part` is said to be."""
    node, source = written(text)
    start = node.value.index(part)
    span = span_in(node, start, start + len(part), source)
    assert span.line == span.end_line
    return source.line(span.line)[span.col - 1 : span.end_col - 1]


@pytest.mark.parametrize(
    "text",
    [
        "key: alpha beta gamma\n",
        "key: alpha\n  more beta\n  gamma\n",
        "key: alpha\n\n\n  beta\n",
        "key: 'it''s alpha and beta here'\n",
        "key: 'alpha\n\n  it''s   beta '\n",
        'key: "a\\tb \\u00e9 \\"x\\" beta"\n',
        'key: "alpha \\\n   beta"\n',
        "key: >-\n  alpha\n  beta gamma\n",
        "key: >\n  alpha\n\n  beta\n    more\n  gamma\n",
        "key: |\n  alpha\n\n    beta\n  gamma\n",
        "key: |2\n    alpha beta\n",
        "other: x\nkey: >-\n\n  alpha\n  beta\nlast: z\n",
        "key: ünï→ beta\n",
        "key: alpha beta\r\nlast: z\r\n",
    ],
)
def test_a_part_is_found_where_it_stands(text: str) -> None:
    assert shown(text, "beta") == "beta"


def test_an_escaped_character_is_as_wide_as_it_is_written() -> None:
    assert shown('key: "a \\u00e9 b"\n', "é") == "\\u00e9"
    assert shown("key: 'it''s'\n", "'") == "''"


def test_a_part_over_several_lines_is_shown_on_its_first() -> None:
    assert shown("key: >-\n  alpha\n  beta\n", "alpha beta") == "alpha"


def test_the_end_of_a_text_has_a_place_too() -> None:
    node, source = written("key: alpha\n")
    assert span_in(node, 5, 5, source).col == 11


def test_what_is_no_text_has_the_place_of_the_whole() -> None:
    node, source = written("key: 12\n")
    assert span_in(node, 0, 1, source) == node.span


@given(
    st.lists(st.text("ab '\"\\é#:{}", min_size=1, max_size=12), min_size=1, max_size=5).map(" ".join),
    st.sampled_from(["'", '"', "|", ">"]),
    st.integers(8, 30),
)
def test_every_character_of_whatever_yaml_writes_is_found(text: str, style: str, width: int) -> None:
    content = yaml.dump({"key": text}, default_style=style, width=width, allow_unicode=True)
    parsed = parse(content.encode(), "some.yaml")
    node = parsed.root.at("key") if parsed.root else None
    if node is None or not isinstance(node.value, str):
        return
    for at, char in enumerate(node.value):
        span = span_in(node, at, at + 1, parsed.source)
        found = parsed.source.line(span.line)[span.col - 1 : span.end_col - 1]
        assert char.isspace() or found in (char, char * 2, "\\" + char) or found.startswith("\\"), (content, at)


WRITTEN = """
plain: invoice.x == 1 && b
folded_plain: first line
  second line
single: 'it''s > "x"'
double: "say \\"hi\\" and \\
   more"
folded: >-
  size(a.b) > 0
  && c.all(p,
  p.x == 1)

  after a gap
block: |
  one
    two
  three
flow: ["a b", 'c', {h: "z.y == 1"}]
windows: 'a == b'\r
"""


def words() -> list[tuple[str, int, str]]:
    """Every word of every text, and what stands at its place in the file."""
    parsed = parse(WRITTEN.encode(), "x.yaml")
    assert parsed.root is not None
    found = []
    for node in walk(parsed.root):
        at = 0
        for word in node.value.split() if isinstance(node.value, str) else ():
            at = node.value.index(word, at)
            span = span_in(node, at, at + len(word), parsed.source)
            found.append((word, span.line, parsed.source.line(span.line)[span.col - 1 : span.end_col - 1]))
            at += len(word)
    return found


def test_each_word_is_found_where_it_stands() -> None:
    found = words()
    assert len(found) > 30
    assert [one for one in found if one[0] != one[2] and one[0] not in ("it's", '"hi"')] == []
    assert ("after", 13, "after") in found
    assert ("two", 16, "two") in found
    assert ("more", 7, "more") in found


@pytest.mark.parametrize("offset", [0, 3, 100])
def test_a_place_beyond_the_end_is_just_behind_it(offset: int) -> None:
    parsed = parse(b"a: b c", "x.yaml")
    node = parsed.root.at("a") if parsed.root else None
    assert node is not None
    span = span_in(node, offset, offset + 1, parsed.source)
    assert (span.line, span.col) == (1, {0: 4, 3: 7, 100: 7}[offset])
