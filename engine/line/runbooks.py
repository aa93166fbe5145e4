"""A group whose commands are the runbooks, each made from its file when it is asked for, its inputs as options. Floor 6."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import click

from engine.commands.epilog import exit_codes
from engine.line.shared import leave, offer, shared, shell_of
from engine.printable import safe

if TYPE_CHECKING:
    from engine.model import Runbook


class Runbooks(click.Group):
    """A group whose commands are the runbooks; `of` says what each does."""

    def of(self, name: str, runbook: Runbook) -> Callable[..., Any]:
        """What the command of one runbook does, with its own options but without those that stand for inputs."""
        raise NotImplementedError

    def list_commands(self, ctx: click.Context) -> list[str]:
        return shell_of(ctx).runbook_names()

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """The names, without looking into each runbook for errors: a shell waits for them."""
        return [*offer("runbooks")(ctx, None, incomplete), *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The runbook that is named first. A misspelt one is answered with the nearest."""
        name = args[0]
        if (command := self.get_command(ctx, name)) is not None:
            return name, command, args[1:]
        if not name.startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches

            from engine.folders import misnamed

            near = [f" Did you mean {one!r}?" for one in get_close_matches(name, self.list_commands(ctx), n=1)]
            if other := misnamed(name, shell_of(ctx).settings.path):
                near = [f" {other.name} is none for its ending: call it {name}.yaml."]
            raise click.UsageError("".join([f"There is no runbook {name!r}.", *near]), ctx)
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from engine.errors import Invalid

        shell = shell_of(ctx)
        try:
            runbook: Any = shell.sketch(cmd_name) if ctx.resilient_parsing else shell.find(cmd_name)
        except Invalid as error:
            return _invalid(cmd_name, error)
        if runbook is None:
            return None
        made = self.of(cmd_name, runbook)
        for option in reversed(_inputs(runbook)):
            made = option(made)
        about = f"{safe(runbook.title)}.\n\n{safe(runbook.summary)}"
        return click.command(cmd_name, help=about, epilog=exit_codes())(made)


def _invalid(name: str, why: Exception) -> click.Command:
    """A runbook with errors: it stands in the help of its group, and tells them whatever else it is given."""

    @shared
    @click.pass_context
    def tell(ctx: click.Context) -> NoReturn:
        leave(shell_of(ctx).complain(why))

    tell = click.command(name, add_help_option=False, short_help="(not valid; see `runbook validate`)")(tell)
    tell.ignore_unknown_options = tell.allow_extra_args = True
    return tell


def _inputs(runbook: Runbook) -> list[Callable[..., Any]]:
    """A runbook's inputs as options; what they hold is read by the runbook's own types."""
    options = []
    for item in runbook.inputs.values():
        kind: dict[str, Any] = (
            {"metavar": item.metavar, "required": item.is_required}
            if item.metavar
            else {"is_flag": True, "default": None}
        )
        default = f"  [default: {safe(item.default)}]" if item.default is not None and item.metavar else ""
        options.append(click.option(item.flag, item.name, help=safe(item.help) + default, **kind))
    return options
