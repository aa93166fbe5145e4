"""`test` and `policy test`; with `--record` a run as if it had been typed, with somebody who hears every answer. Floor 6."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from engine.commands.shell import Shell


def test(shell: Shell, names: tuple[str, ...], record: str, output: Path | None, send: bool, **wanted: Any) -> int:
    """Play the tests of these runbooks; with one of the options of a recording, record instead."""
    from engine.commands.recording import record_run
    from engine.commands.testing import play_tests
    from engine.testing.picking import Wanted

    if record is not None or output is not None or send:
        return record_run(shell, names, record, output, sends=send, run=typed_run)
    for stray in (name for name in names if name.startswith("-")):
        raise click.NoSuchOption(stray)
    return play_tests(shell, names, Wanted(**wanted))


def test_policies(shell: Shell, names: tuple[str, ...], **wanted: Any) -> int:
    """Judge the cases of these policy files."""
    from engine.commands.policy_testing import judge_cases
    from engine.testing.picking import Wanted

    return judge_cases(shell, names, Wanted(**wanted))


def typed_run(words: Sequence[str], heard: Callable[..., object]) -> tuple[int, dict[str, Any]]:
    """`run WORDS` as if it had been typed, with somebody who hears every answer; its exit code, and what was typed."""
    top = click.get_current_context().find_root()
    assert isinstance(top.command, click.Group)
    run = top.command.commands["run"]
    assert isinstance(run, click.Group)
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
