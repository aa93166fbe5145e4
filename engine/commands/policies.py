"""`policy facts`, `replay` and `log`: what past decisions were taken on, and what they would be today. Floor 5.

All of it comes from the journal: no Lago is asked, and no OPA unless that is wanted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from engine.commands.shell import Shell
from engine.errors import Exit, Invalid, RunbookError, UsageFault
from engine.events import Decided, Finished
from engine.journal import Reader
from engine.policy.decision import Decision
from engine.policy.documents import schema
from engine.policy_decisions.decided import TYPE, Past, documents, names_of, past
from engine.policy_decisions.decision_log import ERASED, event
from engine.policy_decisions.policing import WORDS, told
from engine.policy_decisions.redeciding import again
from engine.policy_files.library import Policies
from engine.render import policy_decisions, policy_facts, policy_replay
from engine.render.text import json_line
from engine.validation.notes import nearest
from engine.values import parse_duration

if TYPE_CHECKING:
    from engine.policy.model import PolicySet

MOST_RUNS = 1_000_000


def show_facts(shell: Shell, run: str | None, is_json: bool, is_schema: bool, set: str | None, at: str | None) -> int:
    """What the newest decision of a run was taken on, or its schema; or that of a policy file.

    Raises UsageFault (no such run, no decision in it), JournalFault.
    """
    if set is not None:
        if run is not None:
            raise UsageFault("name a run, or a policy file with --set", hint="One of the two.")
        return _schema_of(shell, set)
    if run is None:
        raise UsageFault(
            "name a run", hint="`runbook audit list` shows them; --set NAME is the schema of a policy file."
        )
    one = _one(shell, run, at)
    if is_schema:
        title = f"What the policies of {one.occasion.runbook} are judged on"
        shell.terminal.out(json.dumps(schema(names_of(one), title), indent=1) + "\n")
        return Exit.DONE
    found = documents(one)
    if is_json or shell.format == "json":
        shell.terminal.out(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
        return Exit.DONE
    terminal = shell.terminal
    terminal.out(
        policy_facts.facts(one.record, found, shell.format, columns=terminal.width, colour=terminal.colour_out)
    )
    return Exit.DONE


def _schema_of(shell: Shell, name: str) -> int:
    policies = Policies(lambda: shell.settings.policies)
    if name not in policies.files():
        raise UsageFault(
            f"there are no policies `{name}`", hint=nearest(name, policies.files()) or "See `policy test`."
        )
    (found,) = policies.load([name])
    names = {of: type for of, type in found.names.items() if of != "variables"}
    shell.terminal.out(json.dumps(schema(names, f"What the policies {found.name} are judged on"), indent=1) + "\n")
    return Exit.DONE


def _one(shell: Shell, run: str, at: str | None) -> Past:
    """The newest decision of a run; with `at`, the newest that rests on those reads. Raises UsageFault."""
    with Reader.open(shell.settings.journal) as journal:
        id = journal.find_run(run)
        found = list(past(journal.run(id), journal.about, journal.run))
    if not found:
        raise UsageFault(f"no policies decided in run {id}", hint=f"`runbook audit show {id}` shows what it did.")
    fitting = [one for one in found if at in (None, one.data.get("at"))]
    if not fitting:
        raise UsageFault(f"no decision of run {id} rests on the reads `{at}`")
    return fitting[-1]


def replay(shell: Shell, runs: Sequence[str], since: str | None, asks: bool) -> int:
    """Take past decisions again under today's policies: 0, whatever comes of it. Raises UsageFault, JournalFault."""
    terminal = shell.terminal
    columns, colour = terminal.width, terminal.colour_out
    rows, skipped, ask, rested = [], dict[str, str](), shell.opa() if asks else None, 0
    with Reader.open(shell.settings.journal) as journal:
        for run in _runs(journal, runs, since):
            found = list(past(journal.run(run), journal.about, journal.run))
            try:
                sets = _today(shell, found) if found else ()
            except RunbookError as error:
                why = "; ".join(one.plain() for one in error.diagnostics) if isinstance(error, Invalid) else ""
                skipped[run] = f"{error.message}{': ' if why else ''}{why}"
                continue
            for one in found:
                rested += bool(one.occasion.answers) and ask is None
                row = again(one, sets, ask).as_json()
                rows.append(row)
                runbook = one.occasion.runbook
                terminal.out(policy_replay.decision(row, runbook, shell.format, columns=columns, colour=colour))
    terminal.out(policy_replay.summary(rows, skipped, rested, shell.format, columns=columns, colour=colour))
    return Exit.DONE


def _runs(journal: Reader, named: Sequence[str], since: str | None) -> Iterator[str]:
    """The runs that are named, or all that began since then, the oldest first."""
    if named:
        yield from (journal.find_run(one) for one in named)
        return
    start = _moment(since) if since is not None else None
    for run in reversed(journal.runs(limit=MOST_RUNS)):
        if start is None or datetime.fromisoformat(run.started) >= start:
            yield run.run


def _moment(text: str) -> datetime:
    """A day, a moment, or a time before now. Raises UsageFault."""
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        if text[:4].isdigit() and "T" in text.upper():
            moment = datetime.fromisoformat(text.upper())
            if moment.tzinfo is None:
                raise ValueError("a moment needs its offset")
            return moment
        return datetime.now(UTC) - parse_duration(text)
    except (ValueError, OverflowError):
        hint = "as 2026-11-01, 2026-11-01T12:00:00Z or 7d"
        raise UsageFault(f"`{text}` is no time since when", hint=hint) from None


def _today(shell: Shell, found: Sequence[Past]) -> tuple[PolicySet, ...]:
    """The sets that the runbook of these decisions names today; where it is gone, those files that were used then."""
    name = found[-1].occasion.runbook
    policies = Policies(lambda: shell.settings.policies)
    if name in shell.runbook_names():
        runbook = shell.load(name)
        wanted = next((defn.sets for defn in runbook.steps if defn.kind == "policy"), None)
        if wanted is None:
            raise UsageFault(f"the runbook `{name}` has no policies today")
        return policies.load(wanted)
    files = {path.name: stem for stem, path in policies.files().items()}
    used = [str(one["place"]).rpartition("/")[2] for one in found[-1].data.get("sets") or ()]
    return policies.load([files.get(one, one) for one in used])


def show_log(shell: Shell, runs: Sequence[str], since: str | None, erase: Sequence[str], is_whole: bool) -> int:
    """Past decisions as events of OPA's decision log, a line each. Raises UsageFault, JournalFault."""
    for pointer in erase:
        if not pointer.startswith("/"):
            raise UsageFault(f"`{pointer}` is no JSON pointer", hint="as /input/customer/external_id")
    taken_out = [*([] if is_whole else ERASED), *erase]
    with Reader.open(shell.settings.journal) as journal:
        for run in _runs(journal, runs, since):
            records = journal.run(run)
            if any(one.type == TYPE for one in records):
                for one in past(records, journal.about, journal.run):
                    shell.terminal.out(json_line(event(one, journal.log, taken_out)))
    return Exit.DONE


def tell_decisions(shell: Shell, run: str) -> int:
    """Every decision of a run as it was shown then. Raises UsageFault (no such run, no decision in it), JournalFault."""
    with Reader.open(shell.settings.journal) as journal:
        id = journal.find_run(run)
        found = journal.run(id)
    decisions = [one for one in found if one.type == TYPE]
    if not decisions:
        raise UsageFault(f"no policies decided in run {id}", hint=f"`runbook audit show {id}` shows what it did.")
    terminal = shell.terminal
    if shell.format == "json":
        terminal.out("".join(json_line(one.as_json()) for one in decisions))
        return Exit.DONE
    renderer = shell.renderer()
    terminal.out(policy_decisions.heading(found, shell.format, columns=terminal.width, colour=terminal.colour_out))
    for one in decisions:
        if shell.format == "human":
            terminal.out(policy_decisions.occasion(one, columns=terminal.width, colour=terminal.colour_out))
        decision = Decision.of(one.data)
        renderer.record(one)
        renderer.notice(Decided(one.step or "policy", WORDS[decision.result], "policy", told(decision), one.data))
    for said in (said for one in found if one.type == "effect.intent" for said in one.data.get("approvals") or ()):
        why = f": {said['reason']}" if said.get("reason") else ""
        text = f"approved by {said.get('approver')} at {str(said.get('at'))[:19]}Z{why}"
        renderer.notice(Finished("approval", "ok", "approval", text))
    return Exit.DONE
