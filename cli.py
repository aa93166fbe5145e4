"""The command line: parse, gather settings, pick a renderer, exit. Everything else is imported where it is needed. Floor 6."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import click

from engine import __version__
from engine.commands.epilog import exit_codes
from engine.commands.shell import CI_FORMATS, Shell
from engine.errors import Exit, UsageFault
from engine.line import testing
from engine.line.plans import Plans
from engine.line.runbooks import Runbooks
from engine.line.shared import (
    DECIDING,
    FILE,
    JUNIT,
    NAME,
    PLAN,
    RUN,
    calls,
    consenting,
    leave,
    offer,
    overriding,
    shared,
    shell_of,
)

if TYPE_CHECKING:
    from engine.model import Runbook


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80}, epilog=exit_codes())
@partial(shared, formats=CI_FORMATS)
@click.version_option(__version__, message="runbook %(version)s")
def cli() -> None:
    """Plan, approve, apply and prove, for actions you cannot undo."""


calls(cli, "list", "reading.list_runbooks", "List the runbooks: name, version, purpose, worst effect.")
calls(cli, "show", "reading.show_runbook", "Show a runbook as the procedure that a person reads.", NAME)
calls(
    cli,
    "explain",
    "explaining.explain_codes",
    """Explain an error code, an exit code, a check or a step.

    CODE is RB012, 13, sync_is_fresh, lago.finalize_invoice, Invoice or money. Without one: all that can be explained.
    The id of a run tells what policies decided in it, from the journal alone.
    """,
    click.argument("codes", metavar="[CODE]...", nargs=-1, shell_complete=offer("codes")),
)
calls(
    cli,
    "validate",
    "validating.validate_runbooks",
    """Check runbook files: every error of every file at once.

    A folder stands for the runbooks and policy files in it. Without FILES: all that can be run here, and their policies.
    """,
    JUNIT,
    click.argument("paths", metavar="[FILES]...", nargs=-1, type=FILE, shell_complete=offer("yaml")),
)


calls(
    cli,
    "test",
    testing.test,
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
    click.argument("names", metavar="[NAME]...", nargs=-1, type=click.UNPROCESSED, shell_complete=offer("runbooks")),
).ignore_unknown_options = True  # with --record the inputs of the runbook are options too


@cli.group()
@shared
def policy() -> None:
    """Policies: their tests, and what past decisions were taken on."""


calls(
    policy,
    "test",
    testing.test_policies,
    """Judge the cases beside policies; differences, coverage.

    NAME is a policy file's, as billing. Without one: all that have cases, else those that come with runbook.
    """,
    click.option("-k", "pattern", metavar="WORDS", default="", help="Only cases whose name holds these words."),
    click.option("-x", "--fail-fast", "is_brief", is_flag=True, help="Stop at the first that fails."),
    click.option("--threshold", type=click.IntRange(0, 100), help="Least coverage in percent, instead of the file's."),
    JUNIT,
    click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=offer("policies")),
)
calls(
    policy,
    "facts",
    "policies.show_facts",
    """Show what a run's newest decision was taken on.

    All of it is in the journal. With --json it is what `policy test` takes as facts, and what Rego sees as input.
    """,
    click.option("--json", "is_json", is_flag=True, help="As one JSON document; the same as --format json."),
    click.option("--schema", "is_schema", is_flag=True, help="The JSON Schema of it, as for `opa check --schema`."),
    click.option("--set", metavar="NAME", help="Instead of a run: the schema of what these policies read."),
    click.option("--at", type=click.Choice(["first", "refreshed", "recheck"]), help="The decision on these reads."),
    click.argument("run", required=False, shell_complete=offer("runs")),
)
SINCE = click.option("--since", metavar="WHEN", help="Only runs since then: 2026-11-01, a moment, or 7d.")
RUNS = click.argument("runs", metavar="[RUN]...", nargs=-1, shell_complete=offer("runs"))
calls(
    policy,
    "replay",
    "policies.replay",
    """Take past decisions again under today's policies.

    On the facts and at the moment of then. It lists what would be otherwise, and ends with 0 whatever that is.
    """,
    SINCE,
    click.option("--ask-opa", "asks", is_flag=True, help="Ask OPA again, instead of taking what it answered then."),
    RUNS,
)
calls(
    policy,
    "log",
    "policies.show_log",
    """Print past decisions as events of OPA's decision log.

    A line of JSON each. Names of customers are taken out.
    """,
    SINCE,
    click.option(
        "--erase", multiple=True, metavar="POINTER", help="Take this out too, as /input/customer/external_id."
    ),
    click.option("--whole", "is_whole", is_flag=True, help="Leave the names of customers in."),
    RUNS,
)
calls(
    cli,
    "schema",
    "schema.show_schema",
    "Print the JSON Schema of runbook or policy files, for editors.",
    click.option("--kind", type=click.Choice(["runbook", "policy"]), default="runbook", help="Of which files."),
    click.option("-o", "--output", metavar="FILE", type=FILE, help="Write it there."),
)
calls(
    cli,
    "completion",
    "completing.print_script",
    "Print the completion script of a shell.",
    click.argument("name", metavar="[bash|zsh|fish]", type=click.Choice(["bash", "zsh", "fish"])),
)
calls(
    cli,
    "docs",
    "documenting.write_docs",
    "Write a runbook's manual as Markdown and HTML; or all of them.",
    click.option("-o", "--output", "folder", metavar="DIR", type=FILE, help="Write them there."),
    click.option("--date", "as_of", metavar="YYYY-MM-DD", help="The day that the pages say they are of; else none."),
    click.argument("name", required=False, shell_complete=offer("runbooks")),
)
calls(
    cli,
    "drafts",
    "drafts.list_drafts",
    "List the draft invoices to choose from.",
    click.option("--customer", metavar="EXTERNAL_ID", help="Only this customer's."),
)


class Runs(Runbooks):
    """`run`: whether it may write is said here, and decides its transport."""

    def of(self, name: str, runbook: Runbook) -> Callable[..., Any]:
        @shared
        @consenting
        @overriding(runbook.inputs)
        @click.option("-n", "--dry-run", is_flag=True, help="Read, judge and show; write nothing.")
        @click.option("--refresh", is_flag=True, help="With --dry-run: allow the one refresh of the draft.")
        @click.option("--detailed-exitcode", is_flag=True, help="With --dry-run: exit 20 if it would write.")
        @click.pass_context
        def run(ctx: click.Context, /, **given: Any) -> NoReturn:
            from engine.commands.running import Wanted, reasons_of, run_runbook

            dry_run, refresh, detailed = (given.pop(key) for key in ("dry_run", "refresh", "detailed_exitcode"))
            for flag, value in (("--refresh", refresh), ("--detailed-exitcode", detailed)):
                if value and not dry_run:
                    raise click.UsageError(f"{flag} goes with --dry-run")
            previews: Literal["read", "write"] = "write" if refresh else "read"
            reason = given.get("reason") if "reason" in runbook.inputs else given.pop("reason")
            reasons = reasons_of(given.pop("overrides"), reason, is_own="reason" in runbook.inputs)
            reach = previews if dry_run else "one-way"
            wanted = Wanted(given.pop("confirm"), given.pop("no_input"), reach, detailed, reasons)
            leave(shell_of(ctx).do(run_runbook, runbook, given, wanted))

        return run


@cli.group(cls=Runs)
@shared
def run() -> None:
    """Run a runbook: `runbook run NAME --help` shows its inputs."""


@cli.group(cls=Plans)
@shared
def plan() -> None:
    """Plan a run, to be approved and applied: `runbook plan NAME --help`."""


calls(
    cli,
    "apply",
    "planning.apply_plan",
    """Apply a plan: read anew, refuse what moved, then do what `run` does.

    Without a terminal the plan is the consent to its figures, if you made it.
    """,
    consenting,
    overriding(),
    click.option("--total", metavar="AMOUNT", help="With --confirm, for a plan that somebody else made."),
    click.option("--approval", "approvals", metavar="FILE", type=FILE, multiple=True, help="An approval; repeatable."),
    click.option("-n", "--dry-run", "previews", is_flag=True, help="Say whether the plan still holds; write nothing."),
    PLAN,
)
calls(
    cli,
    "approve",
    "approving.approve_plan",
    """Approve a plan that somebody else made, and sign with your SSH key.

    Shows what a consent shows and asks for the customer; without a terminal --confirm and --total name what you approve.
    """,
    *DECIDING,
    click.option("--reason", metavar="TEXT", help="Why; it is signed, too."),
    PLAN,
)
calls(
    cli,
    "reject",
    "approving.reject_plan",
    "Reject a plan, so that nobody can apply it.",
    *DECIDING,
    click.option("--reason", metavar="TEXT", required=True, help="Why; it is signed, too."),
    PLAN,
)
calls(
    cli,
    "resume",
    "running.resume_run",
    "Take up a run: settle what is unknown by reading, then go on.",
    consenting,
    click.option("--total", metavar="AMOUNT", help="With --confirm, where consent is asked anew: the expected total."),
    RUN,
)
calls(
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
@shared
def audit() -> None:
    """Read the journal: past runs, their events, its proof."""


calls(
    audit,
    "list",
    "auditing.list_runs",
    "List past runs, newest first.",
    click.option(
        "--subject",
        metavar="SUBJECT",
        help="Only runs about this, as lago:invoice:ID.",
        shell_complete=offer("subjects"),
    ),
    click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many, newest first."),
)
calls(audit, "show", "auditing.show_run", "Show one run's events in order.", RUN)
calls(audit, "verify", "auditing.verify_journal", "Verify the whole journal; names the first bad record.")
calls(
    audit,
    "export",
    "exporting.export_runs",
    "Write runs for an auditor outside: records, report, tables, verifier.",
    click.option("-o", "--output", "folder", metavar="DIR", required=True, type=FILE, help="Where."),
    click.option(
        "--whole-log", "is_whole", is_flag=True, help="Show every record of the log, those of other runs too."
    ),
    click.argument("runs", nargs=-1, shell_complete=offer("runs")),
)
calls(cli, "config", "reading.show_config", "Show each setting, its value and where it came from.")
calls(
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
        shell_complete=offer("faults"),
    ),
    click.option(
        "--sync", metavar="STATE", help="What the console's newest sync run looks like.", shell_complete=offer("syncs")
    ),
)
calls(cli, "demo", "practice.run_demo", "The main job, start to finish, against the sandbox.")


def main() -> NoReturn:
    """The entry point of the `runbook` command."""
    options: dict[str, Any] = {}
    try:
        code = cli.main(prog_name="runbook", standalone_mode=False, obj=options)
    except click.ClickException as error:
        with suppress(OSError):  # an output that is lost changes no exit code
            error.show()
        code = error.exit_code
    except click.Abort:
        code = 130
    except SystemExit as end:  # click ends with 1 where nobody reads any more: who has gone has had what they wanted
        code = Exit.DONE if _is_page() else end.code
    except Exception as error:
        code = Shell.here({**_format_of(sys.argv), **options}).complain(_told(error))
    sys.exit(code or 0)


def _told(error: Exception) -> Exception:
    """What click failed over when it wrote a help page is no defect: there was no room, or nobody to read it."""
    if isinstance(error, OSError) and _is_page():
        return UsageFault(f"the output could not be written: {error.strerror}")
    return error


def _is_page() -> bool:
    return bool({"--help", "-h", "--version"} & set(sys.argv))


def _format_of(words: list[str]) -> dict[str, str]:
    """The format that is asked for, where something failed before the options of the command were read."""
    asked = " ".join(words[1:]).replace("--format=", "--format ").partition("--format ")[2].split(" ")[0]
    return {"format_": asked} if asked in CI_FORMATS else {}


if __name__ == "__main__":
    main()
