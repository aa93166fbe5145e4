"""The command line: parse, gather settings, pick a renderer, exit. Everything else is imported where it is needed. Floor 6."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, NoReturn

import click

from engine import __version__
from engine.commands.epilog import exit_codes
from engine.commands.shell import CI_FORMATS, FORMATS, Shell
from engine.printable import safe

EXIT_CODES = exit_codes()

FILE = click.Path(path_type=Path)
# The commands that judge files, and so can tell GitHub too.
FOR_CI = ("validate", "test")


def _shared(function: Callable[..., Any], formats: Sequence[str] = FORMATS) -> Callable[..., Any]:
    """The options that every command takes, before or after its name."""

    def keep(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
        if value is not None and value is not False:
            ctx.find_root().ensure_object(dict)[param.name] = value
        return value

    def refuse(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
        if value is not None:
            raise click.UsageError(
                "a key never goes on the command line: it is now in your shell's history. Rotate it, then set"
                " LAGO_API_KEY or LAGO_API_KEY_FILE."
            )

    kept = partial(click.option, callback=keep, expose_value=False)
    options = [
        kept("--format", "format_", type=click.Choice(formats), help="Default: human on a terminal, else plain."),
        kept("--color", type=click.Choice(["auto", "always", "never"]), help="Default: auto."),
        kept("--journal", metavar="FILE", help="Journal to use instead of RUNBOOK_JOURNAL.", hidden=True),
        kept("--environment", metavar="LABEL", help="Instead of RUNBOOK_ENVIRONMENT.", hidden=True),
        kept("-v", "--verbose", is_flag=True, help="Say on stderr what is being done."),
        click.option("--api-key", hidden=True, expose_value=False, callback=refuse),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def _shell(ctx: click.Context) -> Shell:
    options = ctx.find_root().ensure_object(dict)
    if options.get("format_") == "github" and ctx.info_name not in FOR_CI and not ctx.resilient_parsing:
        known = " and ".join(f"`runbook {name}`" for name in FOR_CI if name in cli.commands)
        raise click.UsageError(f"--format github is for {known}", ctx)
    return Shell.here(options)


def _offer(what: str) -> Callable[[click.Context, Any, str], list[Any]]:
    """What a shell offers for an argument or the value of an option. A consent has none: it is typed."""
    return lambda ctx, _, begun: list(import_module("engine.commands.completing").offers(_shell(ctx), what, begun))


def _calls(
    group: click.Group, name: str, place: str | Callable[..., int], said: str, *params: Callable[..., Any]
) -> click.Command:
    """A command that hands what was typed to a function of `engine/commands/`, which answers the exit code."""

    @click.pass_context
    def typed(ctx: click.Context, /, **given: Any) -> NoReturn:
        call = place
        if isinstance(call, str):
            room, _, function = call.partition(".")
            call = getattr(import_module(f"engine.commands.{room}"), function)
        _leave(_shell(ctx).do(call, **given))

    command: Any = typed
    for param in reversed(params):
        command = param(command)
    return group.command(name, help=said)(_shared(command, CI_FORMATS if name in FOR_CI else FORMATS))


# Parameters of more than one command.
NAME = click.argument("name", shell_complete=_offer("runbooks"))
RUN = click.argument("run", shell_complete=_offer("runs"))
JUNIT = click.option("--junit", metavar="FILE", type=FILE, help="Write a JUnit report as well.")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80}, epilog=EXIT_CODES)
@partial(_shared, formats=CI_FORMATS)
@click.version_option(__version__, message="runbook %(version)s")
def cli() -> None:
    """Plan, approve, apply and prove, for actions you cannot undo."""


_calls(cli, "list", "reading.list_runbooks", "List the runbooks: name, version, purpose, worst effect.")
_calls(cli, "show", "reading.show_runbook", "Show a runbook as the procedure that a person reads.", NAME)
_calls(
    cli,
    "explain",
    "explaining.explain_codes",
    """Explain an error code, an exit code, a check or a step.

    CODE is RB012, 13, sync_is_fresh, lago.finalize_invoice, Invoice or money. Without one: all that can be explained.
    """,
    click.argument("codes", metavar="[CODE]...", nargs=-1, shell_complete=_offer("codes")),
)
_calls(
    cli,
    "validate",
    "validating.validate_runbooks",
    "Check runbook files: every error of every file at once.",
    JUNIT,
    click.argument("paths", metavar="[FILES]...", nargs=-1, type=FILE, shell_complete=_offer("yaml")),
)


def _test(shell: Shell, names: tuple[str, ...], record: str, output: Path | None, send: bool, **wanted: Any) -> int:
    from engine.commands.recording import record_run
    from engine.commands.testing import Wanted, play_tests

    if record is not None or output is not None or send:
        return record_run(shell, names, record, output, sends=send, run=_typed_run)
    for stray in (name for name in names if name.startswith("-")):
        raise click.NoSuchOption(stray)
    return play_tests(shell, names, Wanted(**wanted))


def _typed_run(words: Sequence[str], heard: Callable[..., object]) -> tuple[int, dict[str, Any]]:
    """`run WORDS` as if it had been typed, with somebody who hears every answer; its exit code, and what was typed."""
    top = click.get_current_context().find_root()
    name, command, rest = run.resolve_command(top, list(words))
    assert command is not None
    top.obj["heard"] = heard
    with command.make_context(name, rest, parent=top) as typed:
        given = dict(typed.params)
        try:
            command.invoke(typed)
        except click.exceptions.Exit as end:
            return end.exit_code, given
    raise AssertionError("a command ends with an exit code")


_calls(
    cli,
    "test",
    _test,
    """Play the scenarios beside runbooks; differences, coverage.

    With --record: run NAME against your own Lago and keep what it answers, without secrets and personal data.
    """,
    click.option("-k", "pattern", metavar="WORDS", default="", help="Only scenarios whose name holds these words."),
    click.option("-x", "--fail-fast", "is_brief", is_flag=True, help="Stop at the first that fails."),
    click.option("--threshold", type=click.IntRange(0, 100), help="Least coverage in percent, instead of the file's."),
    JUNIT,
    click.option("--record", metavar="SCENARIO", help="Run NAME, dry, with its inputs, and record what Lago answers."),
    click.option("-o", "--output", metavar="FOLDER", type=FILE, help="With --record: where to; default: recordings."),
    click.option("--send", is_flag=True, help="With --record: no dry run; it asks for consent and sends, as `run`."),
    click.argument("names", metavar="[NAME]...", nargs=-1, type=click.UNPROCESSED, shell_complete=_offer("runbooks")),
).ignore_unknown_options = True  # with --record the inputs of the runbook are options too
_calls(
    cli,
    "schema",
    "schema.show_schema",
    "Print the JSON Schema of runbook files, for editors.",
    click.option("-o", "--output", metavar="FILE", type=FILE, help="Write it there."),
)
_calls(
    cli,
    "completion",
    "completing.print_script",
    "Print the completion script of a shell.",
    click.argument("name", metavar="[bash|zsh|fish]", type=click.Choice(["bash", "zsh", "fish"])),
)
_calls(
    cli,
    "docs",
    "documenting.write_docs",
    "Write a runbook's manual as Markdown and HTML; or all of them.",
    click.option("-o", "--output", "folder", metavar="DIR", type=FILE, help="Write them there."),
    click.option("--date", "as_of", metavar="YYYY-MM-DD", help="The day that the pages say they are of; else none."),
    click.argument("name", required=False, shell_complete=_offer("runbooks")),
)
_calls(
    cli,
    "drafts",
    "drafts.list_drafts",
    "List the draft invoices to choose from.",
    click.option("--customer", metavar="EXTERNAL_ID", help="Only this customer's."),
)


class Runbooks(click.Group):
    """`run`: its commands are the runbooks, made from the files when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return _shell(ctx).runbook_names()

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """The names, without looking into each runbook for errors: a shell waits for them."""
        return [*_offer("runbooks")(ctx, None, incomplete), *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The runbook that is named first. A misspelt one is answered with the nearest."""
        name = args[0]
        if (command := self.get_command(ctx, name)) is not None:
            return name, command, args[1:]
        if not name.startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches

            near = [f" Did you mean {one!r}?" for one in get_close_matches(name, self.list_commands(ctx), n=1)]
            raise click.UsageError("".join([f"There is no runbook {name!r}.", *near]), ctx)
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from engine.errors import Invalid

        shell = _shell(ctx)
        try:
            runbook: Any = shell.sketch(cmd_name) if ctx.resilient_parsing else shell.find(cmd_name)
        except Invalid as error:
            return _invalid(cmd_name, error)
        if runbook is None:
            return None

        @_shared
        @_consenting
        @click.option("-n", "--dry-run", is_flag=True, help="Read, judge and show; write nothing.")
        @click.option("--refresh", is_flag=True, help="With --dry-run: allow the one refresh of the draft.")
        @click.option("--detailed-exitcode", is_flag=True, help="With --dry-run: exit 20 if it would write.")
        @click.pass_context
        def run(ctx: click.Context, /, **given: Any) -> NoReturn:
            from engine.commands.running import Wanted, run_runbook

            dry_run, refresh, detailed = (given.pop(key) for key in ("dry_run", "refresh", "detailed_exitcode"))
            for flag, value in (("--refresh", refresh), ("--detailed-exitcode", detailed)):
                if value and not dry_run:
                    raise click.UsageError(f"{flag} goes with --dry-run")
            previews: Literal["read", "write"] = "write" if refresh else "read"
            wanted = Wanted(given.pop("confirm"), given.pop("no_input"), previews if dry_run else "one-way", detailed)
            _leave(_shell(ctx).do(run_runbook, runbook, given, wanted))

        for option in reversed(_inputs(runbook)):
            run = option(run)
        about = f"{safe(runbook.title)}.\n\n{safe(runbook.summary)}"
        return click.command(cmd_name, help=about, epilog=EXIT_CODES)(run)


def _invalid(name: str, why: Exception) -> click.Command:
    """A runbook with errors: it stands in the help of `run`, and tells them whatever else it is given."""

    @_shared
    @click.pass_context
    def tell(ctx: click.Context) -> NoReturn:
        _leave(_shell(ctx).complain(why))

    tell = click.command(name, add_help_option=False, short_help="(not valid; see `runbook validate`)")(tell)
    tell.ignore_unknown_options = tell.allow_extra_args = True
    return tell


def _consenting(function: Callable[..., Any]) -> Callable[..., Any]:
    confirm = click.option(
        "--confirm", metavar="EXTERNAL_ID", help="Consent without a prompt; needs the expected total too."
    )
    no_input = click.option("--no-input", is_flag=True, help="Ask nothing, even on a terminal.")
    yes = click.option("--yes", is_flag=True, expose_value=False, help="For ordinary questions; never a consent.")
    return confirm(no_input(yes(function)))


def _inputs(runbook: Any) -> list[Callable[..., Any]]:
    """A runbook's inputs as options; what they hold is read by the runbook's own types."""
    options = []
    for item in runbook.inputs.values():
        kind = (
            {"metavar": item.metavar, "required": item.is_required}
            if item.metavar
            else {"is_flag": True, "default": None}
        )
        default = f"  [default: {safe(item.default)}]" if item.default is not None and item.metavar else ""
        options.append(click.option(item.flag, item.name, help=safe(item.help) + default, **kind))
    return options


@cli.group(cls=Runbooks)
@_shared
def run() -> None:
    """Run a runbook: `runbook run NAME --help` shows its inputs."""


_calls(
    cli,
    "resume",
    "running.resume_run",
    "Take up a run: settle what is unknown by reading, then go on.",
    _consenting,
    click.option("--total", metavar="AMOUNT", help="With --confirm, where consent is asked anew: the expected total."),
    RUN,
)
_calls(
    cli,
    "resolve",
    "running.resolve_run",
    "Say what reading cannot settle: a person's word, recorded.",
    click.option("--applied", "word", flag_value="applied", help="It took effect; needs a read that agrees."),
    click.option("--not-applied", "word", flag_value="not_applied", help="It did not take effect."),
    click.option("--reissue", "word", flag_value="reissue", help="Give the call up: the next run may send one."),
    click.option("--reason", metavar="TEXT", required=True, help="Why; it stands in the journal."),
    click.option("--confirm", metavar="EXTERNAL_ID", required=True, help="The customer, typed out."),
    RUN,
)


@cli.group()
@_shared
def audit() -> None:
    """Read the journal: past runs, their events, its proof."""


_calls(
    audit,
    "list",
    "auditing.list_runs",
    "List past runs, newest first.",
    click.option(
        "--subject",
        metavar="SUBJECT",
        help="Only runs about this, as lago:invoice:ID.",
        shell_complete=_offer("subjects"),
    ),
    click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many, newest first."),
)
_calls(audit, "show", "auditing.show_run", "Show one run's events in order.", RUN)
_calls(audit, "verify", "auditing.verify_journal", "Verify the whole journal; names the first bad record.")
_calls(
    audit,
    "export",
    "exporting.export_runs",
    "Write runs for an auditor outside: records, report, tables, verifier.",
    click.option("-o", "--output", "folder", metavar="DIR", required=True, type=FILE, help="Where."),
    click.option(
        "--whole-log", "is_whole", is_flag=True, help="Show every record of the log, those of other runs too."
    ),
    click.argument("runs", nargs=-1, shell_complete=_offer("runs")),
)
_calls(cli, "config", "reading.show_config", "Show each setting, its value and where it came from.")
_calls(
    cli,
    "sandbox",
    "practice.serve_sandbox",
    "Serve a Lago and a console to practise on, on loopback.",
    click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port on loopback; default: a free one."),
    click.option(
        "--fault",
        "faults",
        multiple=True,
        metavar="CALL:FAULT",
        help="Misbehave, as finalize:lost-after.",
        shell_complete=_offer("faults"),
    ),
    click.option(
        "--sync", metavar="STATE", help="What the console's newest sync run looks like.", shell_complete=_offer("syncs")
    ),
)
_calls(cli, "demo", "practice.run_demo", "The main job, start to finish, against the sandbox.")


def _leave(code: int) -> NoReturn:
    raise click.exceptions.Exit(int(code))


def main() -> NoReturn:
    """The entry point of the `runbook` command."""
    options: dict[str, Any] = {}
    try:
        code = cli.main(prog_name="runbook", standalone_mode=False, obj=options)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.Abort:
        code = 130
    except Exception as error:
        code = Shell.here({**_format_of(sys.argv), **options}).complain(error)
    sys.exit(code or 0)


def _format_of(words: list[str]) -> dict[str, str]:
    """The format that is asked for, where something failed before the options of the command were read."""
    asked = " ".join(words[1:]).replace("--format=", "--format ").partition("--format ")[2].split(" ")[0]
    return {"format_": asked} if asked in CI_FORMATS else {}


if __name__ == "__main__":
    main()
