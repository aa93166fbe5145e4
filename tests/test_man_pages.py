"""The manual pages are those that the commands make, well formed and complete, and an installation puts them in place."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import click
import man_pages
import pytest

from cli import cli
from engine.config.table import TABLE
from engine.errors import Exit

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "engine" / "man"
NAMES = sorted(path.name for path in FOLDER.glob("*.1"))
pages = cache(man_pages.pages)
MACROS = {".TH", ".SH", ".PP", ".TP", ".RS", ".RE", ".nf", ".fi", ".nh", ".ad"}


def test_the_pages_that_are_kept_are_the_ones_that_are_made(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-screens"):
        for path in FOLDER.glob("*.1"):
            path.unlink()
        for name, text in pages().items():
            (FOLDER / name).write_text(text, encoding="ascii", newline="\n")
    kept = {path.name: path.read_text("ascii") for path in FOLDER.glob("*.1")}
    assert kept == pages(), "`pytest --update-screens tests/test_man_pages.py` writes them anew"


def test_every_command_has_a_page() -> None:
    named = {"runbook.1", *(f"runbook-{name}.1" for name, one in cli.commands.items() if not one.hidden)}
    groups = {name: one for name, one in cli.commands.items() if isinstance(one, click.Group)}
    assert {"audit", "policy"} < set(groups)
    assert set(pages()) == named | {
        f"runbook-{group}-{name}.1" for group, one in groups.items() for name in one.commands
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_well_formed(name: str) -> None:
    """What mandoc and groff look at: known macros alone, the sections in their order, every `.nf` and `.RS` closed."""
    lines = pages()[name].splitlines()
    assert {line.split(" ")[0] for line in lines if line.startswith((".", "'"))} <= MACROS
    assert re.fullmatch(rf'\.TH {name[:-2].upper()} 1 "" "runbook [\d.a-z]+" "Runbook manual"', lines[0])
    sections = [line[4:] for line in lines if line.startswith(".SH ")]
    order = ["NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES",
             "SEE ALSO"]  # fmt: skip
    assert sections == [section for section in order if section in sections]
    assert {"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "SEE ALSO"} <= set(sections)
    assert [line for at, line in enumerate(lines) if line == ".PP" and lines[at - 1].startswith((".SH", ".PP"))] == []
    assert lines.count(".nf") == lines.count(".fi")
    assert [line for line in lines if line.startswith(".RS")] == [".RS 4"] * lines.count(".RE")
    assert "" not in lines
    assert pages()[name].count("\\fB") + pages()[name].count("\\fI") == pages()[name].count("\\fR")
    assert set(re.findall(r"\\(.)", pages()[name])) <= set("-efB(&")
    assert re.search(r"\.SH NAME\n\S+ \\- [a-z]", pages()[name])


@pytest.mark.parametrize("name", NAMES)
def test_the_tools_of_man_have_nothing_to_say(name: str) -> None:
    """Where they are; the test above looks at the same by itself."""
    for tool, words in {"groff": ["-man", "-Tutf8", "-ww", "-z"], "mandoc": ["-Tlint", "-Wwarning"]}.items():
        if found := shutil.which(tool):
            ran = subprocess.run([found, *words], input=pages()[name], capture_output=True, text=True, check=False)
            said = [line for line in (ran.stdout + ran.stderr).splitlines() if "missing date" not in line]
            assert said == []


def plain(name: str) -> str:
    return re.sub(r"\\f.", "", pages()[name]).replace("\\-", "-").replace("\\(ti", "~")


@pytest.mark.parametrize(
    ("path", "ctx"), list(man_pages.commands()), ids=lambda one: one if isinstance(one, str) else ""
)
def test_every_option_that_a_help_shows_stands_on_the_page(path: str, ctx: click.Context) -> None:
    text = plain(path.replace(" ", "-") + ".1")
    for param in ctx.command.get_params(ctx):
        record = param.get_help_record(ctx)
        if record is not None and record[1]:  # an argument stands in the synopsis
            assert f".TP\n{record[0]}\n" in text


def test_the_first_page_has_every_exit_code_every_variable_and_every_page() -> None:
    text = plain("runbook.1")
    for code in Exit:
        assert f".TP\n{code.value}\n{code.brief}\n" in text
    for setting in TABLE:
        assert f".TP\n{setting.env}\n" in text
    assert set(re.findall(r"^(runbook-[a-z-]+)\(1\),?$", text, re.MULTILINE)) == {name[:-2] for name in pages()} - {
        "runbook"
    }


def test_what_all_runbooks_take_stands_on_the_page_of_run_and_no_runbook_s_inputs() -> None:
    text = plain("runbook-run.1")
    assert re.findall(r"^\.TP\n(.*)$", text.partition(".SH OPTIONS")[0], re.MULTILINE) == [
        "--confirm EXTERNAL_ID",
        "--no-input",
        "--yes",
        "--override POLICY",
        "--reason TEXT",
        "-n, --dry-run",
        "--refresh",
        "--detailed-exitcode",
    ]


@pytest.mark.parametrize("typed", [typed for some in man_pages.EXAMPLES.values() for _, typed in some])
def test_an_example_is_a_command_line_that_is_understood(typed: str) -> None:
    words = shlex.split(typed.removeprefix("source <(").removesuffix(")"))
    assert words[0] == "runbook"
    command: click.Command = cli
    ctx = click.Context(cli, info_name="runbook", obj={})
    rest = words[1:]
    while isinstance(command, click.Group):
        _, found, rest = command.resolve_command(ctx, rest)
        assert found is not None
        command, ctx = found, click.Context(found, parent=ctx, info_name=found.name)
    if "--help" not in rest:
        command.make_parser(ctx).parse_args(args=list(rest))


def test_the_examples_are_of_commands_that_there_are() -> None:
    assert set(man_pages.EXAMPLES) <= {path for path, _ in man_pages.commands()}


def test_what_is_special_to_roff_is_written_as_itself() -> None:
    assert man_pages.roff(".TH \\fB `--x` ~/a^b") == "\\&.TH \\efB \\fB\\-\\-x\\fR \\(ti/a\\(hab"


def test_an_installation_puts_them_where_man_looks() -> None:
    hatch = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert hatch["shared-data"]["engine/man"] == "share/man/man1"
    assert {source for source in hatch["shared-data"] if not (ROOT / source).exists()} == set()
