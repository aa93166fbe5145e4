"""The manual pages in `engine/man`, made from click's commands, the settings and the exit codes.

They are files and not made when they are asked for: `man` looks for files, and an installation puts them where it looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from cli import cli
from engine import __version__
from engine.config.table import TABLE
from engine.errors import Exit
from engine.library import load
from engine.registry import built_in

ABOUT = """runbook runs a procedure from a file that a person can read: it reads what there is, checks it, shows what would be
done, takes consent to those figures and no others, sends one request, reads back what came of it, and keeps a hash-chained
journal of all of it. It was made for a billing operator who finalizes a draft invoice in Lago, which cannot be undone."""

INVOICE = "5f3c9d1e-77aa-4f0e-9a53-2d1c9be0a1f4"

# What is typed for what, by command.
EXAMPLES = {
    "runbook": [
        ("The main job on a practice server, on this machine alone:", "runbook demo"),
        ("The drafts to choose from:", "runbook drafts"),
        (
            "What would happen to one of them, without a write:",
            f"runbook run finalize_invoice --invoice {INVOICE} --dry-run",
        ),
    ],
    "runbook show": [("The procedure as a person reads it:", "runbook show finalize_invoice")],
    "runbook explain": [("What exit code 13 means, and what to do then:", "runbook explain 13")],
    "runbook validate": [
        ("One file:", "runbook validate runbooks/own.yaml"),
        ("All files of a folder:", "runbook validate runbooks"),
        ("In a job of GitHub Actions:", "runbook validate --format github --junit runbooks.xml"),
    ],
    "runbook test": [("One scenario, and a report for CI:", "runbook test finalize_invoice -k refused --junit tests.xml")],
    "runbook schema": [
        ("For the editor, beside your own runbooks:", "runbook schema -o runbooks/runbook.schema.json"),
        ("And beside your own policies:", "runbook schema --kind policy -o policies/policy.schema.json"),
    ],
    "runbook completion": [("In this session of bash:", "source <(runbook completion bash)")],
    "runbook docs": [("The page of one runbook:", "runbook docs finalize_invoice -o manual")],
    "runbook drafts": [("One customer's:", "runbook drafts --customer acme-corp")],
    "runbook run": [
        ("Its inputs:", "runbook run finalize_invoice --help"),
        (
            "Consent without a terminal, to these figures and no others:",
            f'runbook run finalize_invoice --invoice {INVOICE} --confirm acme-corp --total "1261.40 EUR"',
        ),
    ],
    "runbook resume": [("After exit code 13; it only reads until consent is given anew:", "runbook resume 01J9Z4KQ")],
    "runbook resolve": [
        (
            "Nobody can read any more what came of it, and it is known otherwise:",
            'runbook resolve 01J9Z4KQ --not-applied --reason "Lago\'s log has no such request" --confirm acme-corp',
        )
    ],
    "runbook audit list": [("All runs about one invoice:", f"runbook audit list --subject lago:invoice:{INVOICE}")],
    "runbook plan": [
        ("Plan what would be done, for others to approve and a pipeline to apply:",
         f"runbook plan finalize_invoice --invoice {INVOICE} -o plan.json"),
    ],
    "runbook approve": [
        ("Look at a plan, and sign with the key that your agent holds:", "runbook approve plan.json"),
        ("With a reason, and a key in a file:",
         'runbook approve plan.json --key ~/.ssh/id_ed25519 --reason "agreed with the customer"'),
    ],
    "runbook reject": [("It is not to be applied:", 'runbook reject plan.json --reason "wrong month"')],
    "runbook apply": [
        ("Does it still hold? Nothing is written:", "runbook apply plan.json --dry-run"),
        ("Do what was planned:", "runbook apply plan.json"),
    ],
    "runbook audit show": [("One run, its id begun:", "runbook audit show 01J9Z4KQ")],
    "runbook audit export": [("Two runs, for an auditor:", "runbook audit export 01J9Z4KQ 01J9Z5MB -o evidence")],
    "runbook sandbox": [("Where the answer to finalize is lost:", "runbook sandbox --fault finalize:lost-after")],
}  # fmt: skip

FILES = {
    "runbooks/NAME.yaml": "runbooks of the project; those that come with runbook are found after them",
    "pyproject.toml": "the settings of a project, below `[tool.runbook]`",
    "$XDG_CONFIG_HOME/runbook/config.toml": "your own settings",
    "$XDG_CONFIG_HOME/runbook/operators.yaml": "who may do what",
    "$XDG_STATE_HOME/runbook/journal.db": "the journal: every run, record by record",
}


def pages() -> dict[str, str]:
    """Every page by the name of its file."""
    return {f"{path.replace(' ', '-')}.1": page(path, ctx) for path, ctx in commands()}


# Groups whose commands are the runbooks.
OF_RUNBOOKS = ("runbook run", "runbook plan")


def commands() -> Iterator[tuple[str, click.Context]]:
    """Every command with its context, as it is typed; a runbook is none of ours."""
    todo = [click.Context(cli, info_name="runbook", obj={}, **cli.context_settings)]
    for ctx in todo:
        yield ctx.command_path, ctx
        if isinstance(ctx.command, click.Group) and ctx.command_path not in OF_RUNBOOKS:
            found = ((name, ctx.command.get_command(ctx, name)) for name in ctx.command.list_commands(ctx))
            todo += [click.Context(one, parent=ctx, info_name=name) for name, one in found if one and not one.hidden]


def page(path: str, ctx: click.Context) -> str:
    """One page, in the macros of man(7)."""
    name = path.replace(" ", "-")
    first, _, more = (ctx.command.help or "").partition("\n\n")
    lines = [f'.TH {name.upper()} 1 "" "runbook {__version__}" "Runbook manual"', ".nh", ".ad l"]
    lines += [".SH NAME", f"{roff(name)} \\- {roff(_begun(first))}", ".SH SYNOPSIS", synopsis(path, ctx)]
    lines += [".SH DESCRIPTION", *paragraphs(ABOUT if path == "runbook" else f"{first}\n\n{more}")]
    if path in OF_RUNBOOKS:
        lines += paragraphs("NAME is a runbook, and its inputs are options. These are taken by all of them:")
        lines += options(_of_every_runbook(ctx), ctx)
    below = [
        (one, under) for one, under in commands() if under.parent is not None and under.parent.command_path == path
    ]
    if below:
        lines += [".SH COMMANDS", *(line for one, under in below for line in _command(one, under))]
    lines += [".SH OPTIONS", *options(ctx.command.get_params(ctx), ctx)]
    if path == "runbook":
        lines += [".SH EXIT STATUS", *pairs({str(code.value): code.brief for code in Exit})]
        lines += [".SH ENVIRONMENT", *pairs({one.env: f"{one.what} (default: {one.default_said})" for one in TABLE})]
        lines += pairs({"NO_COLOR, FORCE_COLOR, TERM, COLUMNS": "colour and width, as everywhere"})
        lines += [".SH FILES", *pairs(FILES)]
    else:
        lines += [
            ".SH EXIT STATUS",
            *paragraphs("That of `runbook`; `runbook explain CODE` says what one means and what to do."),
        ]
    if path in EXAMPLES:
        lines += [".SH EXAMPLES"]
        for said, typed in EXAMPLES[path]:
            lines += [".PP", roff(said), ".PP", ".RS 4", ".nf", roff(typed), ".fi", ".RE"]
    # A paragraph that begins a section needs no mark, and mandoc says so.
    lines = [line for at, line in enumerate(lines) if line != ".PP" or not lines[at - 1].startswith(".SH")]
    return "\n".join([*lines, ".SH SEE ALSO", see_also(path)]) + "\n"


def synopsis(path: str, ctx: click.Context) -> str:
    """`runbook validate [OPTIONS] [FILES]...`."""
    return " ".join([bold(path), *(f"\\fI{roff(piece)}\\fR" for piece in ctx.command.collect_usage_pieces(ctx))])


def bold(text: str) -> str:
    """A text that is typed as it stands."""
    return f"\\fB{roff(text)}\\fR"


def options(params: list[click.Parameter], ctx: click.Context) -> list[str]:
    """The options, each with what it takes and what it does; hidden ones are left out, as in a help."""
    records = [record for param in params if (record := param.get_help_record(ctx)) is not None]
    return [line for names, said in records if said for line in (".TP", bold(names), roff(" ".join(said.split())))]


def pairs(told: dict[str, str]) -> list[str]:
    """Names and what they are."""
    return [line for name, said in told.items() for line in (".TP", bold(name), roff(said))]


def paragraphs(text: str) -> list[str]:
    """A text in paragraphs."""
    parts = [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]
    return [line for part in parts for line in (".PP", roff(part))]


def see_also(path: str) -> str:
    """The pages above and below."""
    others = [other for other, _ in commands() if other != path]
    near = (
        others
        if path == "runbook"
        else [one for one in others if path.startswith(one + " ") or one.startswith(path + " ")]
    )
    return ",\n".join(bold(one.replace(" ", "-")) + "(1)" for one in sorted(near))


def roff(text: str) -> str:
    """A text as roff reads it: nothing in it is a macro or an escape, and what is in backticks is bold."""
    told = text.replace("\\", "\\e").replace("-", "\\-").replace("^", "\\(ha").replace("~", "\\(ti")
    told = re.sub(r"`([^`]*)`", r"\\fB\1\\fR", told)
    return re.sub(r"^([.'])", r"\\&\1", told)


def _begun(sentence: str) -> str:
    """A sentence as the half of a line that NAME has: small, without its full stop and without a command to look at."""
    sentence = re.sub(r": `.*", "", sentence)
    return sentence[:1].lower() + " ".join(sentence[1:].split()).rstrip(".")


def _command(path: str, ctx: click.Context) -> list[str]:
    said = ctx.command.get_short_help_str(200)
    return [".TP", bold(path.replace(" ", "-")) + "(1)", roff(said)]


def _of_every_runbook(ctx: click.Context) -> list[click.Parameter]:
    """The options of `runbook run NAME` or `plan NAME` that are no runbook's inputs."""
    assert isinstance(ctx.command, click.Group)
    command = ctx.command.get_command(ctx, "finalize_invoice")
    assert command is not None
    inputs = {one.flag for one in load("finalize_invoice", [], built_in()).inputs.values()}
    own = {param.opts[0] for param in ctx.command.get_params(ctx)} | inputs
    return [param for param in command.get_params(ctx) if param.opts[0] not in own]
