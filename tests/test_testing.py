"""`runbook test`: scenarios beside a runbook, what is expected of them, and how it is told that it is otherwise."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from author import Author, timeless
from lago_server import RUNBOOK
from test_cases import outcomes as called_in_the_source

from engine.checks import REGISTRY
from engine.checks import base as checks
from engine.errors import Invalid
from engine.library import SHIPPED, load
from engine.registry import built_in
from engine.render import diagnostics
from engine.sandbox import scenario as recordings
from engine.source import parse
from engine.testing.changes import Change, NothingChanged, changed
from engine.testing.clock import SkippingClock
from engine.testing.outcomes import verdicts_of
from engine.testing.patterns import fits, short
from engine.testing.reading import _SCENARIO, CLOCK, Reading, read
from engine.testing.reading_commands import FURTHER, SETTINGS
from engine.testing.reading_expected import _EXPECT

HERE = Path(__file__).parent / "authored"
FAILS = (HERE / "fails.yaml").read_text("utf-8")
BEGINNING = """\
test: finalize_invoice
defaults:
  recording: finalize_ok
  inputs: {invoice: "${recording.invoice}"}
  consent: typed
scenarios:
"""
PASSES = BEGINNING + "  - {scenario: A dry run, mode: preview, expect: {exit: 0, outcome: would_write}}\n"
Screen = Callable[[str, str], None]
Expected = Callable[[Path, str], None]


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Author:
    """An author whose scenarios fail in every way."""
    return Author.at(tmp_path_factory.mktemp("failing"), FAILS)


# What comes with runbook


SHIPS = sorted(path.stem for path in SHIPPED.glob("*.yaml") if ".test." not in path.name)


@pytest.mark.parametrize("name", SHIPS)
def test_a_shipped_runbook_passes_its_own_tests_and_shows_every_outcome(name: str, tmp_path: Path) -> None:
    code, lines = Author(tmp_path).json(name)
    assert [line for line in lines if line["type"] == "test.scenario" and not line["passed"]] == []
    (covered,) = [line for line in lines if line["type"] == "test.coverage"]
    assert (covered["percent"], covered["missing"], covered["threshold"]) == (100, [], 100)
    assert (lines[-1]["type"], lines[-1]["exit"], lines[-1]["failed"], code) == ("test.end", 0, 0, 0)
    assert lines[-1]["scenarios"] > 10


# How it is told


def test_what_differs_is_shown_both_sides_at_the_line_where_it_is_expected(failing: Author, screen: Screen) -> None:
    done = failing.test("--format", "human")
    assert (done.code, done.err) == (8, "")
    screen("human_test_failed", timeless(done.out))


def test_a_log_has_a_record_a_line(failing: Author, screen: Screen) -> None:
    done = failing.test()
    assert done.code == 8
    screen("plain_test_failed", timeless(done.out))
    assert {line.count("\t") for line in done.out.splitlines()[:-1]} == {3}


def test_a_program_gets_each_difference_with_its_place(failing: Author) -> None:
    code, lines = failing.json("-k", "a write that nobody")
    assert code == 8
    assert [line["type"] for line in lines] == ["test.scenario", "test.end"]
    (row,) = lines[0]["differences"]
    assert row == {
        "what": "sends",
        "expected": "nothing",
        "actual": "PUT …/invoices/c8117fcb…/refresh\nPUT …/invoices/c8117fcb…/finalize",
        "line": 26,
        "col": 13,
    }


def test_github_gets_an_annotation_at_the_line_and_junit_a_report(failing: Author) -> None:
    done = failing.test("--format", "github", "--junit", "report.xml", "--threshold", "90")
    notes = [line for line in done.err.splitlines() if line.startswith("::error ")]
    assert done.code == 8
    assert len(notes) == 6
    assert notes[0].startswith(
        "::error file=runbooks/finalize_invoice.test.yaml,line=10,title=runbook test::Everything"
    )
    assert "coverage 41 %25; never seen: operator.deny" in notes[-1]
    suite = ElementTree.parse(failing.folder / "report.xml").getroot()[0]
    failed = {case.attrib["name"]: case.find("failure") is not None for case in suite}
    assert failed == {
        "Everything is otherwise": True,
        "A write that nobody stated": True,
        "Reads where none should be made": True,
        "The recording has no answer": True,
        "The second command differs": True,
        "As it should be": False,
        "coverage": True,
    }
    assert (suite.attrib["tests"], suite.attrib["failures"], suite.attrib["errors"]) == ("7", "6", "0")
    story = suite[0].findtext("system-out") or ""
    assert "right_total" in story


def test_verbose_shows_what_the_person_would_have_seen(tmp_path: Path) -> None:
    done = Author.at(tmp_path, PASSES).test("-v", "--format", "human")
    assert done.code == 0
    assert "        | finalize_invoice v1   test @ 127.0.0.1:" in done.out
    assert re.search(r"^        \| Would finalize the draft of cus_hooli for 636\.04 EUR\.", done.out, re.MULTILINE)


# Which are played


def test_some_can_be_chosen_and_then_coverage_is_not_counted(failing: Author) -> None:
    done = failing.test("-k", "as it*BE")
    assert done.code == 0
    assert [line.split("\t")[:2] for line in done.out.splitlines()[:-1]] == [["ok", "As it should be"]]
    none = failing.test("-k", "as it should bee")
    assert none.code == 2
    assert "did you mean `As it should be`?" in none.err


def test_the_first_failure_can_end_it(failing: Author) -> None:
    code, lines = failing.json("-x")
    assert (code, [line["type"] for line in lines]) == (8, ["test.scenario", "test.end"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("finalise_invoice",), "did you mean `finalize_invoice`?"),
        (("finalize_invoice",), "the runbook `finalize_invoice` has no tests"),
        ((), "no runbook here has tests"),
        (("--threshold", "101"), "101 is not in the range"),
    ],
)
def test_what_is_not_there_is_a_usage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], says: str
) -> None:
    for place in ("engine.folders.SHIPPED", "engine.settings.SHIPPED"):
        monkeypatch.setattr(place, tmp_path / "none")
    done = Author.at(tmp_path).test(*words)
    assert done.code == 2
    assert says in done.err


def test_tests_of_one_s_own_for_a_runbook_that_comes_along_lie_in_the_project(tmp_path: Path) -> None:
    author = Author.at(tmp_path, PASSES)
    (tmp_path / "runbooks" / "finalize_invoice.yaml").unlink()
    for words in ((), ("finalize_invoice",)):
        code, lines = author.json(*words)
        assert (code, [line.get("scenario") for line in lines]) == (0, ["A dry run", None, None])


def test_a_runbook_with_errors_is_not_tested(tmp_path: Path) -> None:
    author = Author.at(tmp_path, PASSES)
    (tmp_path / "runbooks" / "finalize_invoice.yaml").write_text("runbook: finalize_invoice\n")
    done = author.test("finalize_invoice")
    assert done.code == 3
    assert "RB013" in done.err


# Coverage


def test_too_little_coverage_fails_and_the_command_line_decides(tmp_path: Path) -> None:
    author = Author.at(tmp_path, PASSES.replace("scenarios:", "coverage: {threshold: 90}\nscenarios:"))
    low = author.test()
    assert low.code == 8
    assert "coverage\tfinalize_invoice\t20 %\t10 of 48 outcomes seen, under the threshold of 90 %" in low.out
    assert author.test("--threshold", "20").code == 0
    assert author.test("--threshold", "21").code == 8


def test_what_is_excused_and_yet_seen_fails(tmp_path: Path) -> None:
    excused = (
        "coverage: {not_reached: [{outcome: is_draft.pass, why: nobody knows}, {outcome: is_draft.deny, why: it}]}"
    )
    code, lines = Author.at(tmp_path, PASSES.replace("scenarios:", f"{excused}\nscenarios:")).json()
    (covered,) = [line for line in lines if line["type"] == "test.coverage"]
    assert (code, covered["enough"], covered["seen_all_the_same"]) == (8, False, ["is_draft.pass"])
    assert "is_draft.deny" not in covered["missing"]
    assert covered["wanted"] == 46


@pytest.mark.parametrize("name", REGISTRY)
def test_what_a_check_can_come_to_is_what_its_source_calls(name: str) -> None:
    assert set(verdicts_of(REGISTRY[name])) == called_in_the_source(REGISTRY[name])


class _Judging:
    def sort_out(self) -> checks.Verdict:
        return checks.denied("no", "Do.")


def _through_a_class(params: checks.Params, here: checks.Here) -> checks.Verdict:
    return _Judging().sort_out() if here.operator_id else checks.passed("yes")


def _by_itself(params: checks.Params, here: checks.Here) -> checks.Verdict:
    return checks.Verdict("warn", "perhaps", "Look.")


@pytest.mark.parametrize(
    ("judge", "can"),
    [
        (_through_a_class, ("pass", "deny")),
        (lambda params, here: checks.warned("perhaps", "Look."), ("warn",)),
        (_by_itself, ("pass", "warn", "deny")),
    ],
)
def test_a_check_of_any_build_is_followed_or_taken_to_come_to_anything(judge: object, can: tuple[str, ...]) -> None:
    assert verdicts_of(checks.Check("one", "One", checks.Params, judge)) == can  # type: ignore[arg-type]


# The file


def invalid(text: str) -> list[str]:
    """What is wrong with a test file, as one line each."""
    registry = built_in()
    parsed = parse(text.encode(), "runbooks/finalize_invoice.test.yaml")
    reading = Reading(parsed, HERE / "finalize_invoice.test.yaml", load("finalize_invoice", [], registry), registry)
    reading.file()
    return [one.plain() for one in reading.found]


def test_everything_that_is_wrong_is_told_at_once(expected: Expected) -> None:
    text = (HERE / "invalid.yaml").read_text("utf-8")
    registry = built_in()
    path = HERE / "invalid.yaml"
    with pytest.raises(Invalid) as error:
        read(path, "authored/invalid.yaml", load("finalize_invoice", [], registry), registry)
    found = error.value.diagnostics
    lines = text.splitlines()
    expected(HERE / "invalid.txt", diagnostics.render(found, "human", lambda _, number: lines[number - 1]))
    engine = [file.read_text("utf-8") for file in (SHIPPED.parent / "engine").rglob("*.py")]
    codes = {code for source in engine for code in re.findall(r'"(RT\d{3})"', source)}
    assert {one.code for one in found} == codes == {f"RT{number:03}" for number in range(1, 14)}
    assert [one.code for one in found if not one.help] == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "1:1: error[RB001]: the file is empty (help: a test file begins with `test: NAME`)"),
        ("- 1\n", "1:1: error[RT002]: a test file must be a mapping, not a list"),
        ("test: finalize_invoice\nscenarios: []\n", "2:12: error[RT003]: a test file needs scenarios"),
        (PASSES.replace("A dry run", "&a A dry run"), "error[RB005]: an anchor cannot stand here"),
        (PASSES.replace("exit: 0", "exit: 010"), "error[RB003]: YAML 1.1 reads `010` as an octal number"),
        (
            PASSES.replace("  inputs", "  inptus"),
            "4:3: error[RT001]: `defaults` has no key `inptus` (help: did you mean",
        ),
        (PASSES.replace("  inputs", "  inptus"), "7:16: error[RT008]: the input `invoice` is missing"),
        (PASSES.replace("finalize_ok", "authored"), "error[RT005]: there is no recording `authored`"),
        (PASSES.replace("finalize_ok", "../recordings/month_close"), "error[RT013]: this recording has no invoice"),
        (PASSES.replace("typed", "{typed: a, confirm: b}"), "error[RT006]: this is no consent"),
        (PASSES.replace("mode: preview", "sync: {file: gone.json}"), "error[RT005]: there is no file `gone.json`"),
        (PASSES.replace("mode: preview", "operator: {id: 'a,b'}"), "error[RT007]: an operator's id and roles are one"),
    ],
)
def test_a_mistake_is_told_at_its_place(text: str, says: str) -> None:
    assert [line for line in invalid(text) if says in line], invalid(text)


def test_an_invalid_file_ends_with_3_and_plays_nothing(tmp_path: Path) -> None:
    author = Author.at(tmp_path, PASSES.replace("exit: 0", "exit: none"))
    done = author.test("--format", "json", "--junit", "report.xml")
    assert (done.code, done.out) == (3, "")
    found = [json.loads(line) for line in done.err.splitlines()]
    assert [(one["type"], one.get("code")) for one in found] == [("diagnostic", "RT002"), ("error", "invalid")]
    (case,) = ElementTree.parse(author.folder / "report.xml").getroot()[0]
    assert (case.attrib["name"], case.find("error") is not None) == ("RT002", True)


def test_a_recording_that_is_not_there_hides_nothing_else(tmp_path: Path) -> None:
    text = PASSES.replace("finalize_ok", "finalize_okk").replace("exit: 0", "exit: 99")
    done = Author.at(tmp_path, text).test("--format", "json")
    codes = [json.loads(line).get("code") for line in done.err.splitlines()]
    assert (done.code, codes) == (3, ["RT005", "RT009", "invalid"])


# What it is played with


def test_a_recording_may_lie_beside_the_tests_and_say_when_it_was_made(tmp_path: Path) -> None:
    author = Author.at(tmp_path, PASSES.replace("finalize_ok", "../worlds/mine"))
    folder = tmp_path / "worlds" / "mine"
    folder.parent.mkdir()
    folder.symlink_to(recordings.SHIPPED / "finalize_ok")
    assert author.test().code == 0
    folder.unlink()
    folder.mkdir()
    for file in (recordings.SHIPPED / "finalize_ok").iterdir():
        text = file.read_text("utf-8")
        (folder / file.name).write_text(
            text if file.stem != "scenario" else "recorded_at: 2026-12-01T23:59:30Z\n" + text
        )
    late = author.test("-v")
    assert late.code == 8
    assert "exit: expected 0, was 4" in late.out


def test_nothing_of_the_person_s_own_is_used(tmp_path: Path) -> None:
    own = {
        "LAGO_API_URL": "https://billing.example.com",
        "LAGO_API_KEY": "key",
        "RUNBOOK_JOURNAL": str(tmp_path / "own.db"),
    }
    done = Author.at(tmp_path, PASSES).test(**own, RUNBOOK_SETTLE_WINDOW="1")
    assert done.code == 0
    assert {path.name for path in tmp_path.iterdir() if not path.name.startswith("forked-")} == {"runbooks"}


def test_a_call_that_hangs_is_waited_for_shortly_and_deadlines_not_at_all(tmp_path: Path) -> None:
    hangs = BEGINNING + (
        "  - {scenario: Hangs, faults: ['finalize:hang-before'], expect: {exit: 13, sends: [PUT ..., PUT ...],"
        " screen: no answer in 0.4 s}}\n"
    )
    code, lines = Author.at(tmp_path, hangs).json()
    assert code == 0, lines
    assert float(lines[-1]["seconds"]) < 60  # the settle window alone is 120 s


def test_waiting_moves_both_kinds_of_time_and_takes_none() -> None:
    clock = SkippingClock(CLOCK)
    wall, monotonic = clock.now(), clock.monotonic()
    clock.sleep(3600)
    clock.sleep(-1)
    assert 3600 <= clock.monotonic() - monotonic < 3660
    assert (wall, clock.now() - wall) == (CLOCK, timedelta(hours=1))


# Requests and changes


def test_a_pattern_is_what_a_person_would_write() -> None:
    target = "GET /api/v1/subscriptions?external_customer_id=cus_hooli&status%5B%5D=active"
    assert fits("GET …/subscriptions?…status[]=active", target)
    assert fits("GET ... ", "GET /api/v1/taxes")
    assert not fits("PUT …/subscriptions…", target)
    assert not fits("GET …/invoices/x.y", "GET /api/v1/invoices/xzy")
    write = "PUT /api/v1/invoices/c8117fcb-c82a-4075-928f-9c8ff5f46b2f/refresh"
    assert short(write) == "PUT …/invoices/c8117fcb…/refresh"
    assert fits(short(write), write)
    assert fits(short(target), target)


def test_a_change_is_made_where_it_is_said_and_nowhere_else() -> None:
    scenario = recordings.load(recordings.SHIPPED / "finalize_ok")
    answer = f"GET …/invoices/{scenario.invoice}"
    key = recordings.key_of("GET", f"/api/v1/invoices/{scenario.invoice}")
    made = changed(scenario, Change(answer, "draft", "invoice.fees.0.units", "7"), scenario)
    read = [
        [json.loads(reply.body) for reply in [stage.find(key)] if reply] for stage in (scenario.stages[0], *made.stages)
    ]
    before, after = read[0][0], read[1][0]
    assert before["invoice"]["fees"][0].pop("units") != after["invoice"]["fees"][0].pop("units") == "7"
    assert before == after
    assert [new.calls for new in made.stages[1:]] == [old.calls for old in scenario.stages[1:]]
    gone = changed(scenario, Change(answer, "draft", "invoice.customer.email", is_removed=True), scenario)
    reply = gone.stages[0].find(key)
    assert reply is not None
    assert b'"email"' not in reply.body


@pytest.mark.parametrize(
    "change",
    [
        Change("GET …/nothing", at="a", to=1),
        Change("GET …/taxes", at="taxes.99.name", to=1),
        Change("GET …/taxes", "finalize", at="taxes", to=1),
        Change("GET …/taxes", at="taxes.name", to=1),
        Change("GET …/taxes", as_in="nowhere"),
    ],
)
def test_a_change_that_changes_nothing_is_refused(change: Change) -> None:
    scenario = recordings.load(recordings.SHIPPED / "finalize_ok")
    with pytest.raises(NothingChanged):
        changed(scenario, change, scenario)


# The page about it

DOCS = SHIPPED.parent / "docs"
PAGE = (DOCS / "testing.md").read_text("utf-8")


def blocks(page: str) -> list[str]:
    """Every block of YAML of a page."""
    return re.findall(r"^```yaml\n(.*?)^```$", (DOCS / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_the_example_of_the_manual_passes(tmp_path: Path) -> None:
    author = Author.at(tmp_path, runbook="check_invoice")
    for name, text in ((".yaml", blocks("runbook-format.md")[0]), (".test.yaml", blocks("testing.md")[0])):
        (tmp_path / "runbooks" / f"finalize_reviewed{name}").write_text(text, "utf-8")
    code, lines = author.json("finalize_reviewed")
    assert [line["differences"] for line in lines if line["type"] == "test.scenario"] == [[], [], [], []]
    assert code == 0, lines


def test_the_changes_of_the_manual_are_changes() -> None:
    change = next(block for block in blocks("testing.md") if block.startswith("change:"))
    indented = "".join(f"    {line}\n" for line in change.splitlines())
    scenario = f"  - scenario: One\n    expect: {{exit: 4}}\n{indented}"
    assert invalid(BEGINNING + scenario) == []


def test_the_page_tells_every_key() -> None:
    told = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE))))
    assert {*_SCENARIO, *_EXPECT} <= told
    assert {*SETTINGS, *FURTHER} - {"expect"} <= set(re.findall(r"\b\w+\b", PAGE))


def test_ctrl_c_ends_the_tests_and_not_only_the_run_under_way(tmp_path: Path) -> None:
    slow = BEGINNING + "".join(
        f"  - {{scenario: Slow {number}, faults: ['finalize:slow'], expect: {{exit: 0, sends: [PUT ..., PUT ...]}}}}\n"
        for number in range(5)
    )
    author = Author.at(tmp_path, slow)
    with subprocess.Popen(
        [*RUNBOOK, "test", "--junit", "report.xml", "--format", "json"],
        env=author.env,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(timeout=60) == 130
    *left, end = map(json.loads, rest.splitlines())
    assert (first["scenario"], first["passed"]) == ("Slow 0", True)
    assert [(one["type"], one["scenario"], one["line"]) for one in left] == [
        ("test.left", f"Slow {number}", 7 + number) for number in range(1, 5)
    ]
    told = {name: end[name] for name in ("type", "exit", "scenarios", "passed", "failed", "not_played")}
    assert told == {"type": "test.end", "exit": 130, "scenarios": 1, "passed": 1, "failed": 0, "not_played": 4}
    report = (tmp_path / "report.xml").read_text("utf-8")
    assert 'tests="5" failures="0" errors="4"' in report
    assert report.count("not played: Ctrl-C ended the tests before it</error>") == 4
