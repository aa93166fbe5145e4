"""A runbook as the written procedure that an operator knows: prerequisites, procedure, verify, what can go wrong. Floor 5."""

from __future__ import annotations

from collections.abc import Sequence

from engine.plain import dataclass
from engine.render.text import hang, pad, safe, style, table, wrap
from engine.render.text import width as columns

# What a step is for the person who runs it.
MARKS = {
    "one-way": "ONE WAY",
    "write": "writes",
    "confirm": "confirm",
    "check": "check",
    "policy": "policies",
    "read": "reads",
}


# The least room for what a runbook is for beside its name, and the most that a name, a version and an effect take.
LEAST_PURPOSE = 30
MOST_HEAD = 200


@dataclass(frozen=True, slots=True)
class ManualInput:
    """One input: its flag with what it takes, whether it is needed, its help and default."""

    flag: str
    help: str
    is_required: bool
    default: str | None


@dataclass(frozen=True, slots=True)
class ManualStep:
    """One step: the section it stands in, its title, what it does to the world, and what a check is for."""

    id: str
    section: str
    title: str
    effect: str


@dataclass(frozen=True, slots=True)
class Manual:
    """Everything that the page of a runbook says."""

    name: str
    version: int
    title: str
    summary: str
    path: str
    use_when: str
    prerequisites: Sequence[str]
    inputs: Sequence[ManualInput]
    steps: Sequence[ManualStep]
    failures: Sequence[tuple[str, str]]
    undo: str
    audit: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One runbook in a list; `problem` stands instead of its purpose when it is not valid."""

    name: str
    version: str
    effect: str
    purpose: str
    problem: str = ""


def listing(rows: Sequence[Listed], format: str, *, width: int = 80, colour: bool = False) -> str:
    """All runbooks: name, version, worst effect, purpose."""
    if format == "plain":
        lines = ["\t".join(safe(cell) for cell in (r.name, r.version, r.effect, r.problem or r.purpose)) for r in rows]
        return "".join(line + "\n" for line in lines)
    if not rows:
        return "no runbooks; RUNBOOK_PATH names folders of them\n"
    heads = [("RUNBOOK", "VERSION", "EFFECT"), *((row.name, row.version, row.effect) for row in rows)]
    title, *lines = table(heads, limit=max(width, MOST_HEAD))
    start = max(map(columns, (title, *lines))) + 2
    is_beside = width - start >= LEAST_PURPOSE
    shown = [style(pad(title, start) + "PURPOSE" if is_beside else title, "dim", colour)]
    for row, line in zip(rows, lines, strict=True):
        said = safe(row.problem or _one(row.purpose))
        if is_beside:
            shown += hang(pad(line, start), said, width)
        else:  # a name is there to be copied, so what it is for goes below
            shown += [*wrap(line, width), *wrap(said, width, indent="  ")]
    return "\n".join(shown) + "\n"


def page(manual: Manual, *, width: int = 80, colour: bool = False) -> str:
    """The page of one runbook."""
    lines = [
        style(f"{safe(manual.title)}", "bold", colour),
        f"{safe(manual.name)} v{manual.version}, {safe(manual.path)}",
    ]
    lines += ["", *wrap(safe(manual.summary.strip()), width)]
    if manual.use_when:
        lines += _section("When to use it", wrap(_one(manual.use_when), width, indent="  "), colour)
    if manual.prerequisites:
        lines += _section(
            "Before you start", [line for text in manual.prerequisites for line in _bullet(text, width)], colour
        )
    lines += _section("How to run it", [*_usage(manual), *_inputs(manual.inputs, width)], colour)
    section: str | None = None
    body: list[str] = []
    for number, step in enumerate(manual.steps, 1):
        if step.section != section:
            if body:
                lines += _section(section or "Steps", body, colour)
            section, body = step.section, []
        body += _step(number, step, width, colour)
    lines += _section(section or "Steps", body, colour)
    if manual.failures:
        rows = [line for on, say in manual.failures for line in _failure(on, say, width)]
        lines += _section("If something goes wrong", rows, colour)
    if manual.undo:
        lines += _section("Reversibility", wrap(_one(manual.undo), width, indent="  "), colour)
    if manual.audit:
        lines += _section("Audit", wrap(_one(manual.audit), width, indent="  "), colour)
    return "\n".join(lines) + "\n"


def _section(title: str, body: list[str], colour: bool) -> list[str]:
    return ["", style(safe(title), "bold", colour), *body]


def _one(text: str) -> str:
    return safe(" ".join(text.split()))


def _bullet(text: str, width: int) -> list[str]:
    lines = wrap(_one(text), width - 4)
    return [f"  - {lines[0]}", *(f"    {line}" for line in lines[1:])]


def _usage(manual: Manual) -> list[str]:
    """The command with what it needs, and the same without any effect."""
    needed = "".join(f" {safe(item.flag)}" for item in manual.inputs if item.is_required)
    command = f"runbook run {safe(manual.name)}{needed}"
    return [f"  {command} --dry-run", "    reads, judges and shows; writes nothing", f"  {command}", ""]


def _inputs(inputs: Sequence[ManualInput], width: int) -> list[str]:
    rows = []
    size = max((len(item.flag) for item in inputs), default=0) + 2
    for item in inputs:
        note = " (needed)" if item.is_required else f" (default {item.default})" if item.default else ""
        lines = wrap(safe(item.help + note), width - size - 2)
        rows += [f"  {item.flag:<{size}}{lines[0]}", *(" " * (size + 2) + line for line in lines[1:])]
    return rows or ["  it takes no inputs"]


def _step(number: int, step: ManualStep, width: int, colour: bool) -> list[str]:
    mark = MARKS.get(step.effect, step.effect)
    room = width - 6 - 2 - max(map(len, MARKS.values()))
    lines = wrap(safe(step.title), room)
    head = f"  {number:>2}. {lines[0]:<{room}}  {mark}".rstrip()
    if step.effect == "one-way":
        head = style(head, "bad", colour)
    return [head, *(f"      {line}" for line in lines[1:])]


def _failure(on: str, say: str, width: int) -> list[str]:
    return [*wrap(safe(on), width, indent="  "), *wrap(_one(say), width, indent="      ")]
