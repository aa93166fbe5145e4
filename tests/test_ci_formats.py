"""What CI systems read: GitHub's annotations, and JUnit's XML as a real parser reads it back."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageFault
from engine.files.written import write
from engine.render.github import annotation
from engine.render.junit import Case, Suite, classname, document

# GitHub


def test_an_annotation_is_one_line_with_a_place_a_title_and_a_message() -> None:
    told = annotation(
        "error",
        "unknown step `lago.finalise_invoice`\nhelp: did you mean `lago.finalize_invoice`?",
        path="runbooks/finalize_invoice.yaml",
        line=12,
        col=11,
        end_line=12,
        end_col=32,
        title="RB012",
    )
    assert told == (
        "::error file=runbooks/finalize_invoice.yaml,line=12,col=11,endColumn=32,title=RB012::unknown step "
        "`lago.finalise_invoice`%0Ahelp: did you mean `lago.finalize_invoice`?\n"
    )


def test_without_a_place_there_is_the_message_alone() -> None:
    assert annotation("notice", "12 of 12, all well") == "::notice::12 of 12, all well\n"
    assert annotation("warning", "x", title="Slow: very") == "::warning title=Slow%3A very::x\n"


def test_a_span_over_several_lines_has_no_columns() -> None:
    told = annotation("warning", "x", path="a.yaml", line=3, col=5, end_line=7, end_col=2)
    assert told == "::warning file=a.yaml,line=3,endLine=7::x\n"


@pytest.mark.parametrize("end_col", [0, 4, 5])
def test_an_end_that_is_not_behind_its_beginning_is_left_out(end_col: int) -> None:
    told = annotation("error", "x", path="a.yaml", line=3, col=5, end_line=3, end_col=end_col)
    assert told == "::error file=a.yaml,line=3,col=5::x\n"


def test_a_place_without_a_file_is_none() -> None:
    assert annotation("error", "x", line=3, col=5, end_line=3, end_col=9) == "::error::x\n"


def test_what_would_end_a_line_or_a_property_is_escaped() -> None:
    told = annotation("error", "100 % a:b,c\r\n\x1b[31m::set-env", path="a,b:c%\n.yaml", line=1, title="x,y:\rz")
    assert told == (
        "::error file=a%2Cb%3Ac%25%0A.yaml,line=1,title=x%2Cy%3A%0Dz::100 %25 a:b,c%0D%0A\\x1b[31m::set-env\n"
    )


@given(st.text(), st.text(), st.text())
def test_whatever_is_told_is_one_line_that_github_takes_apart_again(message: str, path: str, title: str) -> None:
    told = annotation("error", message, path=path, line=1, title=title)
    assert len(told.splitlines()) == 1
    found = re.fullmatch(r"::error(?: ([^:]*))?::(.*)\n", told)
    assert found is not None
    properties = dict(pair.split("=", 1) for pair in (found[1] or "").split(",") if pair)
    plain = re.compile(r"[ -~\r\n]*")
    if plain.fullmatch(message):
        assert unquote(found[2]) == message
    if plain.fullmatch(path) and path:
        assert unquote(properties["file"]) == path
    assert ("title" in properties) is bool(title)


# JUnit

SUITES = [
    Suite(
        "runbooks/a.yaml",
        [
            Case(
                "12:11 RB012", "runbooks.a", 0.0124, failure="unknown step `x`\nhelp: did you mean `y`?", output="log"
            ),
            Case("valid", "runbooks.a", 1.5),
        ],
    ),
    Suite("runbooks/b.yaml", [Case("can be read", "runbooks.b", error="cannot be read: permission denied")]),
]


def test_a_report_counts_what_is_in_it() -> None:
    root = ElementTree.fromstring(document(SUITES))
    assert (root.tag, root.attrib) == ("testsuites", {"tests": "3", "failures": "1", "errors": "1", "time": "1.512"})
    assert [(suite.tag, suite.attrib) for suite in root] == [
        ("testsuite", {"name": "runbooks/a.yaml", "tests": "2", "failures": "1", "errors": "0", "time": "1.512"}),
        ("testsuite", {"name": "runbooks/b.yaml", "tests": "1", "failures": "0", "errors": "1", "time": "0.000"}),
    ]


def test_a_case_says_what_was_found_in_full() -> None:
    first, second, third = ElementTree.fromstring(document(SUITES)).iter("testcase")
    assert first.attrib == {"name": "12:11 RB012", "classname": "runbooks.a", "time": "0.012"}
    assert [(node.tag, node.attrib, node.text) for node in first] == [
        (
            "failure",
            {"message": "unknown step `x`", "type": "failure"},
            "unknown step `x`\nhelp: did you mean `y`?",
        ),
        ("system-out", {}, "log"),
    ]
    assert list(second) == []
    assert [(node.tag, node.text) for node in third] == [("error", "cannot be read: permission denied")]


def test_an_error_hides_a_failure() -> None:
    report = document([Suite("s", [Case("n", "c", failure="f", error="e")])])
    (suite,) = ElementTree.fromstring(report)
    assert (suite.attrib["errors"], suite.attrib["failures"]) == ("1", "0")
    assert [node.tag for node in suite.iter() if node.tag in ("error", "failure")] == ["error"]


def test_two_cases_of_one_name_are_told_apart() -> None:
    """GitLab keeps one case of a class and name, and drops the rest without a word."""
    report = document([Suite("s", [Case("n", "c"), Case("n", "c", failure="f"), Case("n", "d")])])
    names = [
        (case.attrib["classname"], case.attrib["name"]) for case in ElementTree.fromstring(report).iter("testcase")
    ]
    assert names == [("c", "n"), ("c", "n (2)"), ("d", "n")]


def test_only_attributes_that_the_strictest_reader_takes_are_written() -> None:
    taken = {
        "testsuites": {"name", "tests", "failures", "errors", "time"},
        "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id"},
        "testcase": {"name", "classname", "time", "group"},
        "failure": {"message", "type"},
        "error": {"message", "type"},
        "system-out": set(),
    }
    found = {node.tag: set(node.attrib) for node in ElementTree.fromstring(document(SUITES)).iter()}
    assert [(tag, names - taken[tag]) for tag, names in found.items() if names - taken[tag]] == []


def test_no_suite_is_a_report_too() -> None:
    assert document([]) == (
        '<?xml version="1.0" encoding="utf-8"?>\n<testsuites tests="0" failures="0" errors="0" time="0.000" />\n'
    )


HOSTILE = "\x00\x1b[31m]]><b>&amp;\x85\u202e\ud800\ufffe\ttab\r\nnext\rlast"


def test_a_character_that_xml_cannot_hold_is_written_out() -> None:
    report = document([Suite(HOSTILE, [Case(HOSTILE, HOSTILE, failure=HOSTILE, output=HOSTILE)])])
    (node,) = ElementTree.fromstring(report.encode("utf-8")).iter("failure")
    assert node.text == "\\x00\\x1b[31m]]><b>&amp;\\x85\\u202e\\ud800\\ufffe\ttab\nnext\nlast"


@given(st.text(st.characters()))
def test_whatever_is_reported_is_xml(text: str) -> None:
    report = document([Suite(text, [Case(text, text, failure=text, error=text, output=text)])])
    root = ElementTree.fromstring(report.encode("utf-8"))
    assert [node.tag for node in root.iter()][:3] == ["testsuites", "testsuite", "testcase"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("runbooks/finalize_invoice.yaml", "runbooks.finalize_invoice"),
        ("./../x/a.b.yml", "x.a_b"),
        ("/etc/runbooks/look.yaml", "etc.runbooks.look"),
        ("look.txt", "look_txt"),
    ],
)
def test_a_file_is_a_class_in_its_folders(path: str, name: str) -> None:
    assert classname(path) == name


# Files


def test_a_file_is_written_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "a.xml", "é\n")
    assert (tmp_path / "a.xml").read_bytes() == b"\xc3\xa9\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.xml"]
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((tmp_path / "a.xml").stat().st_mode) == 0o666 & ~mask


def test_what_was_there_keeps_its_rights_and_its_links(tmp_path: Path) -> None:
    (tmp_path / "real.xml").write_text("old")
    (tmp_path / "real.xml").chmod(0o640)
    (tmp_path / "link.xml").symlink_to("real.xml")
    write(tmp_path / "link.xml", "new")
    assert (tmp_path / "link.xml").is_symlink()
    assert (tmp_path / "real.xml").read_text() == "new"
    assert stat.S_IMODE((tmp_path / "real.xml").stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("name", "why", "hint"),
    [
        ("none/a.xml", "No such file or directory", "Make its folder first."),
        (".", "Is a directory", None),
        ("a.txt/b.xml", "Not a directory", None),
    ],
)
def test_what_cannot_be_written_is_told(tmp_path: Path, name: str, why: str, hint: str | None) -> None:
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(UsageFault) as told:
        write(tmp_path / name, "x")
    assert (told.value.message, told.value.hint) == (f"{tmp_path / name} cannot be written: {why}", hint)


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "a.xml").write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageFault, match="No space left"):
        write(tmp_path / "a.xml", "new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.xml", "old")]


def test_a_pipe_is_written_to_as_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write(pipe, "through")
        assert os.read(reader, 100) == b"through"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
