"""What every command has: the options that all take, the shell that they make, and the way out. Floor 6."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import click

from engine.commands.shell import CI_FORMATS, FORMATS, Shell

FILE = click.Path(path_type=Path)
# The commands that judge files, and so can tell GitHub too.
FOR_CI = ("validate", "test")


def shared(function: Callable[..., Any], formats: Sequence[str] = FORMATS) -> Callable[..., Any]:
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


def shell_of(ctx: click.Context) -> Shell:
    """The shell of this command line. Raises click's UsageError for a format that the command does not have."""
    root = ctx.find_root()
    options = root.ensure_object(dict)
    if options.get("format_") == "github" and ctx.info_name not in FOR_CI and not ctx.resilient_parsing:
        commands = root.command.commands if isinstance(root.command, click.Group) else {}
        known = " and ".join(f"`runbook {name}`" for name in FOR_CI if name in commands)
        raise click.UsageError(f"--format github is for {known}", ctx)
    return Shell.here(options)


def offer(what: str) -> Callable[[click.Context, Any, str], list[Any]]:
    """What a shell offers for an argument or the value of an option. A consent has none: it is typed."""
    return lambda ctx, _, begun: list(import_module("engine.commands.completing").offers(shell_of(ctx), what, begun))


def leave(code: int) -> NoReturn:
    """End the command with this exit code."""
    raise click.exceptions.Exit(int(code))


def calls(
    group: click.Group, name: str, place: str | Callable[..., int], said: str, *params: Callable[..., Any]
) -> click.Command:
    """A command that hands what was typed to a function of `engine/commands/`, which answers the exit code."""

    @click.pass_context
    def typed(ctx: click.Context, /, **given: Any) -> NoReturn:
        call = place
        if isinstance(call, str):
            room, _, function = call.partition(".")
            call = getattr(import_module(f"engine.commands.{room}"), function)
        leave(shell_of(ctx).do(call, **given))

    command: Any = typed
    for param in reversed(params):
        command = param(command)
    return group.command(name, help=said)(shared(command, CI_FORMATS if name in FOR_CI else FORMATS))


# Parameters of more than one command.
NAME = click.argument("name", shell_complete=offer("runbooks"))
PLAN = click.argument("plan", metavar="PLAN", type=FILE)
RUN = click.argument("run", shell_complete=offer("runs"))
DECIDING = (
    click.option(
        "--key", metavar="FILE", type=FILE, help="Your key; default: the first of yours that your agent holds."
    ),
    click.option("--confirm", metavar="EXTERNAL_ID", help="Decide without a prompt; needs --total too."),
    click.option("--total", metavar="AMOUNT", help="With --confirm: the plan's total."),
    click.option("--no-input", is_flag=True, help="Ask nothing, even on a terminal."),
)
JUNIT = click.option("--junit", metavar="FILE", type=FILE, help="Write a JUnit report as well.")


def overriding(inputs: Collection[str] = ()) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options of a command in which a policy may be overridden. A runbook's own `--reason` among `inputs` is the reason."""
    override = click.option(
        "--override",
        "overrides",
        metavar="POLICY",
        multiple=True,
        help="Let this policy not stop this run; needs --reason.",
    )
    reason = click.option("--reason", metavar="TEXT", help="Why the policies are overridden; it stands in the journal.")
    return lambda function: override(function if "reason" in inputs else reason(function))


def consenting(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command that may ask for consent."""
    confirm = click.option(
        "--confirm", metavar="EXTERNAL_ID", help="Consent without a prompt; needs the expected total too."
    )
    no_input = click.option("--no-input", is_flag=True, help="Ask nothing, even on a terminal.")
    yes = click.option("--yes", is_flag=True, expose_value=False, help="For ordinary questions; never a consent.")
    return confirm(no_input(yes(function)))
