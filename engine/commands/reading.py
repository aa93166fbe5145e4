"""`list`, `show` and `config`: files and settings only, no network and no journal. Floor 5."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.commands.shell import Shell
from engine.errors import Exit, UsageFault
from engine.library import check, files
from engine.render import manual
from engine.render.text import json_line

if TYPE_CHECKING:
    from engine.model import Input, Runbook, StepDef
    from engine.registry import Registry


def list_runbooks(shell: Shell) -> int:
    """Name, version, worst effect and purpose of every runbook; an invalid one is told as such."""
    found = sorted(files(shell.settings.path).values(), key=lambda path: path.stem)
    rows = [_listed(path, shell.registry) for path in found]
    terminal = shell.terminal
    if shell.format == "json":
        for row in rows:
            body = {"v": 1, "type": "runbook", "name": row.name, "version": row.version, "effect": row.effect}
            terminal.out(json_line({**body, "purpose": row.purpose, "problem": row.problem or None}))
    else:
        terminal.out(manual.listing(rows, shell.format, width=terminal.width, colour=terminal.colour_out))
    shell.tell_passed_over(shell.settings.path)
    return Exit.DONE


def show_runbook(shell: Shell, name: str) -> int:
    """The page of one runbook. Raises UsageFault, Invalid."""
    runbook = shell.load(name)
    terminal = shell.terminal
    page = manual_of(runbook, shell.registry)
    if shell.format == "json":
        terminal.out(json_line({"v": 1, "type": "runbook", **_as_json(page)}))
    else:
        terminal.out(manual.page(page, width=min(terminal.width, 100), colour=terminal.colour_out))
    return Exit.DONE


def show_config(shell: Shell) -> int:
    """Each setting, its value and where it came from, and the extensions, all of which are loaded for it.

    0, or 3 where settings cannot go together or an extension cannot be used. Raises SettingsFault.
    """
    from engine.config import telling
    from engine.render import config

    terminal, settings = shell.terminal, shell.settings
    extensions, faults = shell.registry.own_code()
    problems = (*settings.problems(), *faults)
    terminal.out(
        config.render(
            telling.lines(settings),
            (*telling.notes(settings), *extensions),
            settings.warnings,
            problems,
            shell.format,
            width=terminal.width,
            colour=terminal.colour_out,
        )
    )
    return Exit.INVALID if problems else Exit.DONE


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _listed(path: Path, registry: Registry) -> manual.Listed:
    try:
        loaded = check(path, registry)
    except UsageFault as fault:
        return manual.Listed(path.stem, "-", "-", "", fault.message)
    runbook = loaded.runbook
    if runbook is None:
        count = _count(len(loaded.diagnostics), "finding")
        return manual.Listed(path.stem, "-", "-", "", f"not valid: {count}; see `runbook validate`")
    return manual.Listed(runbook.runbook, str(runbook.version), _worst(runbook, registry), runbook.summary.strip())


def _worst(runbook: Runbook, registry: Registry) -> str:
    from engine.steps.base import Effect

    order = list(Effect)
    effects = [registry.effect_of(step.kind, step.name) for step in runbook.steps]
    return max(effects, key=order.index, default=Effect.READ).value


def manual_of(runbook: Runbook, registry: Registry) -> manual.Manual:
    """What the page of a runbook says, from its file and the titles of its steps and checks."""
    return manual.Manual(
        name=runbook.runbook,
        version=runbook.version,
        title=runbook.title,
        summary=runbook.summary,
        path=runbook.source.path,
        use_when=runbook.use_when,
        prerequisites=runbook.prerequisites,
        inputs=[_input(item) for item in runbook.inputs.values()],
        steps=[_step(step, registry) for step in runbook.steps],
        failures=[(_happens(runbook, note.on, registry), note.say) for note in runbook.when_it_fails],
        undo=runbook.undo,
        audit=runbook.audit,
    )


def _input(item: Input) -> manual.ManualInput:
    return manual.ManualInput(f"{item.flag} {item.metavar}".rstrip(), item.help, item.is_required, item.default)


def _step(step: StepDef, registry: Registry) -> manual.ManualStep:
    only = f"; only when `{step.when}`" if step.when else ""
    if step.kind == "confirm":
        return manual.ManualStep(step.id, step.section or "", step.title or "You confirm these figures", "confirm")
    if step.kind == "policy":
        return manual.ManualStep(step.id, step.section or "", step.title or "The policies let it pass", "policy")
    if step.kind == "check":
        return manual.ManualStep(
            step.id, step.section or "", (step.title or registry.checks[step.name].title) + only, "check"
        )
    known = registry.steps[step.name]
    return manual.ManualStep(step.id, step.section or "", (step.title or known.title) + only, known.effect.value)


# What a step came to, as it stands behind its title.
HAPPENS = {
    "deny": "denied",
    "warn": "a warning",
    "refused": "Lago refuses",
    "pending": "accepted, still pending",
    "unknown": "UNKNOWN, no answer or none that can be trusted",
    "not_sent": "Lago cannot be reached",
    "done": "done, and it was a mistake",
}


def _happens(runbook: Runbook, on: str, registry: Registry) -> str:
    """`12. It is the right customer: denied`, as the steps are numbered on the page."""
    id, _, what = on.partition(".")
    number, step = next((at, step) for at, step in enumerate(runbook.steps, 1) if step.id == id)
    return f"{number}. {_step(step, registry).title}: {HAPPENS.get(what, what)}"


def _as_json(page: manual.Manual) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(page)
