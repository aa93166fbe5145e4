"""An offset into an expression leads back to the file, whatever way YAML writes the expression."""

from __future__ import annotations

import pytest

from engine.policy_files.placing import place
from engine.source import parse, walk

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
            span = place(node, parsed.source, at, at + len(word))
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
    span = place(node, parsed.source, offset, offset + 1)
    assert (span.line, span.col) == (1, {0: 4, 3: 7, 100: 7}[offset])
