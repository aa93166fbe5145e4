"""`runbook docs`: the page of a runbook for people who do not run it, as Markdown and as one HTML file."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from lago_server import Result
from test_audit_export import Page
from test_reading_commands import add, add_bad

import cli
from engine.commands.handbook import Handbook
from engine.errors import Exit
from engine.library import SHIPPED, check, files
from engine.model import Runbook
from engine.registry import built_in
from engine.render import document_html, document_markdown
from engine.render.document import Document, Entries, Entry, Listing, Pairs, Prose, Section, Table, code_spans
from engine.render.stylesheet import STYLE

SHIPPED_NAMES = sorted(path.stem for path in files([SHIPPED]).values())
every_runbook = pytest.mark.parametrize("name", SHIPPED_NAMES)


def loaded(name: str) -> Runbook:
    found = check(files([SHIPPED])[name], built_in()).runbook
    assert found is not None
    return found


def page(name: str, date: str = "") -> Document:
    return Handbook(loaded(name), built_in(), date).document()


Call = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of runbooks of one's own, named by RUNBOOK_PATH."""
    folder = tmp_path / "own"
    folder.mkdir()
    for name, value in (("HOME", tmp_path), ("XDG_CONFIG_HOME", tmp_path), ("RUNBOOK_PATH", folder)):
        monkeypatch.setenv(name, str(value))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def call(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """The command, in this process: its exit code and what it printed."""

    def made(*words: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["runbook", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return Result(int(ended.value.code or 0), out, err)

    return made


# What a page says


@every_runbook
def test_every_step_input_check_and_note_of_a_runbook_is_on_its_page(name: str) -> None:
    runbook, registry = loaded(name), built_in()
    text = document_markdown.render(page(name))
    for number, step in enumerate(runbook.steps, 1):
        assert re.search(rf"^{number}\. \*\*", text, re.MULTILINE)
        if step.kind != "confirm":
            assert f"`{step.name}`" in text
    for step in runbook.steps:
        if step.kind == "check":
            assert f"({step.name})" in text
            assert registry.checks[step.name].title in text
    for item in runbook.inputs:
        assert f"`--{item.replace('_', '-')}" in text
    for note in runbook.when_it_fails:
        assert " ".join(note.say.split())[:40] in text.replace("\\", "")
    assert f"`{runbook.source.digest}`" in text
    assert f"| Revision | {runbook.version} |" in text


@every_runbook
def test_a_page_needs_nothing_from_elsewhere_and_its_links_lead_somewhere(name: str) -> None:
    html = document_html.render(page(name))
    seen = Page(html)
    assert seen.open == []
    assert seen.tags & {"script", "img", "link", "iframe", "object", "form", "svg", "base"} == set()
    assert re.findall(r"https?:|url\(|@import|javascript:", html) == []
    assert html.count(STYLE) == 1
    targets = {value[1:] for attribute, value in seen.attributes if attribute == "href"}
    assert targets <= {value for attribute, value in seen.attributes if attribute == "id"}


@every_runbook
def test_both_pages_say_the_same_words(name: str) -> None:
    html, text = " ".join(Page(document_html.render(page(name))).text), document_markdown.render(page(name))
    only = {"runbook", "revision"}  # stand above the title of the HTML page
    words = set(re.findall(r"\w+", html.lower())) - only
    assert words == set(re.findall(r"\w+", text.replace("\\", "").lower())) - only


def test_a_page_is_the_same_whenever_it_is_made_and_says_a_day_only_if_told_to() -> None:
    assert document_html.render(page("finalize_invoice")) == document_html.render(page("finalize_invoice"))
    assert "As of" not in document_markdown.render(page("finalize_invoice"))
    assert "| As of | 2026-11-25 |" in document_markdown.render(page("finalize_invoice", "2026-11-25"))


def test_the_page_of_the_main_runbook_tells_the_exact_requests_and_the_worst_that_can_come() -> None:
    text = document_markdown.render(page("finalize_invoice"))
    assert "**It cannot be undone**" in text
    assert "| Steps | 9 read, 1 write, 1 one-way |" in text
    assert "| 22. Finalize the invoice | ONE WAY | `PUT /invoices/:id/finalize`, once" in text
    assert "| 11. Recompute the draft, as finalize itself will | writes | `PUT /invoices/:id/refresh`" in text
    assert "`GET /applied_coupons`, `GET /credit_notes` and `GET /wallets`" in text
    assert "sync from step 8; customer from step 3; subscriptions from step 4; max_age from `--max-sync-age`" in text
    assert "| `effect.intent` | the exact request and its id, on the disk before it leaves |" in text
    codes = re.findall(r"^\| (\d+) \| ", text, re.MULTILINE)
    assert codes == [str(code.value) for code in Exit if code not in (Exit.TESTS_FAILED, Exit.PARTLY)]


def test_a_runbook_that_only_reads_promises_no_more_and_threatens_no_less() -> None:
    text = document_markdown.render(page("check_invoice"))
    assert "ONE WAY" not in text
    assert "effect.intent" not in text
    assert "| 13 |" not in text
    assert "Nothing that it does needs to be undone." in text or "It writes" in text


# Where it is written


def test_one_page_goes_to_stdout_as_markdown(call: Call) -> None:
    shown = call("docs", "finalize_invoice")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == document_markdown.render(page("finalize_invoice"))
    (line,) = call("docs", "finalize_invoice", "--format", "json").out.splitlines()
    assert json.loads(line) == {"v": 1, "type": "page", "name": "finalize_invoice", "markdown": shown.out}


def test_all_pages_and_an_index_go_to_a_folder_and_replace_what_was_there(call: Call, tmp_path: Path) -> None:
    out = tmp_path / "a" / "pages"
    for _ in range(2):
        told = call("docs", "-o", str(out), "--format", "json")
        assert told.code == 0
    names = {f"{name}{end}" for name in (*SHIPPED_NAMES, "index") for end in (".md", ".html")}
    assert {path.name for path in out.iterdir()} == names
    assert {Path(json.loads(line)["path"]).name for line in told.out.splitlines()} == names
    for end in ("md", "html"):
        text = (out / f"index.{end}").read_text()
        for name in SHIPPED_NAMES:
            assert f"{name}.{end}" in text
            assert loaded(name).source.digest in text


def test_of_one_runbook_its_two_pages_are_written_and_no_index(call: Call, tmp_path: Path) -> None:
    told = call("docs", "finalize_invoice", "-o", str(tmp_path / "out"))
    assert told.code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "finalize_invoice.html",
        "finalize_invoice.md",
    ]
    assert [line.split("\t")[0] for line in told.out.splitlines()] == [
        str(tmp_path / "out" / name) for name in ("finalize_invoice.md", "finalize_invoice.html")
    ]


def test_a_bad_runbook_is_told_with_its_place_and_no_page_is_written(
    call: Call,
    folder: Path,
    tmp_path: Path,
) -> None:
    add(folder, "good")
    add_bad(folder)
    told = call("docs", "-o", str(tmp_path / "out"))
    assert told.code == 3
    assert "rb012_step.yaml" in told.err
    assert "RB012" in told.err
    assert not (tmp_path / "out").exists()
    assert call("docs", "good", "-o", str(tmp_path / "out")).code == 0


def test_a_dash_for_the_folder_is_stdout(call: Call, tmp_path: Path) -> None:
    page = call("docs", "finalize_invoice", "-o", "-")
    assert (page.code, page.out) == (0, call("docs", "finalize_invoice").out)
    assert not (tmp_path / "-").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["docs"], "all runbooks together need a folder"),
        (["docs", "finalise_invoice"], "there is no runbook `finalise_invoice`"),
        (["docs", "finalize_invoice", "--date", "25.11.2026"], "`--date 25.11.2026` is no day"),
        (["docs", "finalize_invoice", "--date", "20261125"], "`--date 20261125` is no day"),
        (["docs", "finalize_invoice", "-o", "a_file"], "a_file cannot be written: it is no folder"),
        (["docs", "finalize_invoice", "-o", "a_file/below"], "a_file/below cannot be written"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    call: Call,
    tmp_path: Path,
    words: list[str],
    said: str,
) -> None:
    (tmp_path / "a_file").write_text("mine")
    told = call(*words)
    assert (told.code, said in told.err) == (2, True), told.err
    assert (tmp_path / "a_file").read_text() == "mine"


# How it is drawn

HOSTILE = "<b>*x*</b> [a](b) | &amp; #1 \x1b[2J \u202e `code | <i>` \\"
FULL = Document(
    HOSTILE,
    HOSTILE,
    HOSTILE,
    [
        Prose(HOSTILE),
        Prose("- no list"),
        Prose("1. no list"),
        Prose("# no title"),
        Pairs([(HOSTILE, HOSTILE), ("a", "")]),
    ],
    [
        Section(HOSTILE, [Table((HOSTILE, ""), [(HOSTILE, "1. x")], has_sum=True), Listing([HOSTILE])], mark=HOSTILE),
        Section("Steps", [Entries([Entry("1", HOSTILE, HOSTILE, "bad", [(HOSTILE, HOSTILE), ("", HOSTILE)])])]),
    ],
    standing=HOSTILE,
    foot=(HOSTILE,),
)


def test_a_text_from_elsewhere_is_no_markup_in_html() -> None:
    seen = Page(document_html.render(FULL))
    assert seen.open == []
    assert seen.tags & {"b", "i", "em", "script"} == set()
    assert "".join(seen.text).count("<b>*x*</b> [a](b)") == 19
    assert "\x1b" not in document_html.render(FULL)
    assert "\u202e" not in document_html.render(FULL)


def test_a_text_from_elsewhere_is_no_markup_in_markdown() -> None:
    text = document_markdown.render(FULL)
    assert "<b>" not in text.replace(r"\<b\>", "")
    assert re.findall(r"(?<!\\)\[a", text) == []
    assert "\x1b" not in text
    assert "\u202e" not in text
    for line in (r"\- no list", r"\1. no list", r"\# no title"):
        assert f"\n{line}\n" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {3}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a `b` c", [("a ", False), ("b", True), (" c", False)]),
        ("`b`", [("b", True)]),
        ("a ` b", [("a ` b", False)]),
        ("`a` ` b", [("a", True), (" ` b", False)]),
        ("", []),
    ],
)
def test_what_stands_between_backticks_is_code(text: str, parts: list[tuple[str, bool]]) -> None:
    assert code_spans(text) == parts
