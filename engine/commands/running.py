"""`run`, `resume` and `resolve`: from what was typed to an exit code. Floor 5."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from engine.commands.shell import Shell
from engine.consent.given import Consenting
from engine.errors import UsageFault
from engine.journal.pipeline import configure_stderr
from engine.model import Runbook, parse_input
from engine.plain import dataclass
from engine.run.interrupts import Interrupts
from engine.session.command import Session, defaults
from engine.steps.base import Effect
from engine.under_way import InTurn, UnderWay

if TYPE_CHECKING:
    from engine.resume import Word

REACHES = {"read": Effect.READ, "write": Effect.WRITE, "one-way": Effect.ONE_WAY}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asks for beside the inputs. `confirm` is `--confirm`; `reach` the strongest effect allowed.

    `overrides` are the policies that are not to stop this run, each with the reason.
    """

    confirm: str | None
    no_input: bool
    reach: Literal["read", "write", "one-way"]
    is_detailed: bool
    overrides: Mapping[str, str] = field(default_factory=dict)


def reasons_of(policies: Sequence[str], reason: str | None, *, is_own: bool = False) -> dict[str, str]:
    """The overrides that were typed, each with its reason. Raises UsageFault: one without a reason, or a reason for nothing.

    `is_own` says that `--reason` is an input of the runbook as well.
    """
    if policies and not (reason or "").strip():
        raise UsageFault("--override needs --reason TEXT: why this policy is not to stop this run")
    if reason is not None and not policies and not is_own:
        raise UsageFault("--reason goes with --override POLICY")
    return {policy: str(reason).strip() for policy in policies}


def run_runbook(shell: Shell, runbook: Runbook, given: Mapping[str, Any], wanted: Wanted) -> int:
    """Run a runbook. Raises UsageFault for every input that cannot be read, at once."""
    inputs, texts = read_inputs(runbook, given, "run")
    session = open_session(shell, wanted)
    consenting = consenting_of(shell, wanted, runbook, texts)
    return session.run(runbook, inputs, consenting, REACHES[wanted.reach])


def resume_run(shell: Shell, run: str, total: str | None, confirm: str | None, no_input: bool) -> int:
    """Take up a run. Raises UsageFault when there is none such."""
    texts = {} if total is None else {"total": total}
    wanted = Wanted(confirm, no_input, "one-way", False)
    session = open_session(shell, wanted)
    return session.resume(run, shell.load, consenting_of(shell, wanted, None, texts))


def resolve_run(shell: Shell, run: str, word: Word | None, reason: str, confirm: str) -> int:
    """Record a person's word on a run. Raises UsageFault when there is none such, or no word or no reason is given."""
    if word is None:
        raise UsageFault("one of --applied, --not-applied and --reissue is needed")
    if not reason.strip():
        raise UsageFault("--reason needs a text")
    wanted = Wanted(confirm, True, "one-way", False)
    session = open_session(shell, wanted)
    return session.resolve(run, shell.load, consenting_of(shell, wanted, None, {}), word, reason.strip(), confirm)


def read_inputs(runbook: Runbook, given: Mapping[str, Any], command: str) -> tuple[dict[str, Any], dict[str, str]]:
    """A runbook's inputs as values, and those that were given as texts. Raises UsageFault for all that cannot be read."""
    texts = {name: _text(value) for name, value in given.items() if value not in (None, False)}
    inputs = {**defaults(runbook), **_read(runbook, texts, command)}
    # Of a pasted address the id alone is kept and shown again: what else stands in one is nobody's business.
    texts |= {name: inputs[name] for name in texts if runbook.inputs[name].type == "invoice_id"}
    return inputs, texts


def _text(value: Any) -> str:
    return "true" if value is True else str(value)


def _read(runbook: Runbook, texts: Mapping[str, str], command: str) -> dict[str, Any]:
    values, faults = {}, []
    for name, text in texts.items():
        try:
            values[name] = parse_input(runbook.inputs[name].type, text)
        except ValueError as error:
            faults.append(f"`--{name.replace('_', '-')} {text[:80]}`: {error}")
    if faults:
        raise UsageFault("; ".join(faults), hint=f"See `runbook {command} {runbook.runbook} --help`.")
    return values


def open_session(shell: Shell, wanted: Wanted) -> Session:
    """What one command needs of this shell."""
    shell.has_records = True  # whatever becomes of the output, the journal has it
    terminal = shell.terminal
    terminal.no_input = terminal.no_input or wanted.no_input
    tell: Callable[[str], object] = str  # says nothing to anybody
    if shell.is_verbose:
        import structlog

        configure_stderr(shell.format, terminal.err)
        tell = structlog.get_logger().info
    interrupts = Interrupts(lambda text: terminal.err("\n" + text + "\n"))
    interrupts.install()
    return Session(
        settings=shell.settings,
        registry=shell.registry,
        renderer=shell.renderer(),
        interrupts=interrupts,
        fault=shell.fault,
        tell=tell,
        heard=shell.heard,
        begin=UnderWay if shell.heard is id else InTurn,  # a recording is the same, whenever it is made
        is_lost=terminal.is_lost,
        ask_key=terminal.ask_secret if terminal.can_ask else None,
        is_detailed=wanted.is_detailed,
        overrides=wanted.overrides,
    )


def consenting_of(
    shell: Shell, wanted: Wanted, runbook: Runbook | None, texts: Mapping[str, str], words: tuple[str, ...] = ()
) -> Consenting:
    """How consent can be had here; `words` are the command's own, where it is not `run`."""
    flags = [name for name, item in runbook.inputs.items() if item.type == "flag"] if runbook else []
    command = words or (("runbook", "run", runbook.runbook) if runbook else ())
    for policy, reason in wanted.overrides.items():
        said = () if runbook is not None and "reason" in texts else ("--reason", reason)
        command = (*command, "--override", policy, *said)
    ask = shell.terminal.ask if shell.terminal.can_ask and shell.format != "json" else None
    return Consenting(ask, wanted.confirm, texts, command, frozenset(flags))
