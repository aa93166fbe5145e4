"""A runbook as the description of a control: all that its file and the steps and checks it names say of themselves. Floor 5."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine import __version__
from engine.commands import handbook_words as said
from engine.commands.reading import manual_of
from engine.errors import Exit
from engine.explain import checks, exits, steps
from engine.explain.entries import prose_of, words_of
from engine.model import Runbook, StepDef
from engine.references import find
from engine.registry import Registry
from engine.render.document import (
    Block,
    Code,
    Document,
    Entries,
    Entry,
    Kind,
    Listing,
    Pairs,
    Prose,
    Section,
    Table,
)
from engine.render.explanation import aloud
from engine.run.itinerary import Itinerary
from engine.steps.base import Effect

_INPUT = re.compile(r"\binputs\.(\w+)")


class Handbook:
    """One runbook, with the steps and checks that it may name. `date` is what the reader is told the page is of."""

    def __init__(self, runbook: Runbook, registry: Registry, date: str = "") -> None:
        self.runbook = runbook
        self.registry = registry
        self.date = date
        self.page = manual_of(runbook, registry)
        self.file = Path(runbook.source.path).name
        self.way = Itinerary.of(runbook, registry.steps)
        self.number = {step.id: at for at, step in enumerate(runbook.steps, 1)}

    @property
    def worst(self) -> Effect:
        """The strongest effect of any of its steps."""
        order = list(Effect)
        effects = [self.registry.effect_of(step.kind, step.name) for step in self.runbook.steps]
        return max(effects, key=order.index, default=Effect.READ)

    @property
    def standing(self) -> tuple[str, Kind]:
        """The same in words."""
        return said.WORST.get(self.worst, ("Parts of it are done by hand", "warn"))

    @property
    def name(self) -> str:
        """What its pages are called: as its file is, by which it is run."""
        return Path(self.file).stem

    def document(self) -> Document:
        """The whole page."""
        runbook = self.runbook
        standing, kind = self.standing
        return Document(
            kicker=f"Runbook {runbook.runbook}, revision {runbook.version}",
            title=runbook.title,
            lead=runbook.summary,
            blocks=[Pairs([*self._facts()])],
            sections=[*self._sections()],
            standing=standing,
            kind=kind,
            foot=(f"Made from {self.file} by `runbook docs`, version {__version__}.",),
        )

    def identity(self) -> Iterator[tuple[str, str]]:
        """Which runbook this is, and which text of it."""
        yield "Name", f"`{self.runbook.runbook}`"
        yield "Revision", str(self.runbook.version)
        yield "File", f"`{self.file}`"
        yield "Its SHA-256", f"`{self.runbook.source.digest}`"

    def _facts(self) -> Iterator[tuple[str, str]]:
        effects = [self.registry.effect_of(step.kind, step.name) for step in self.runbook.steps if step.kind == "step"]
        counts = [f"{effects.count(effect)} {effect.value}" for effect in Effect if effect in effects]
        judged = [step for step in self.runbook.steps if step.kind == "check"]
        after = sum(step in self.way.after for step in judged)
        yield from self.identity()
        yield "As of", self.date
        yield "Steps", ", ".join(counts)
        yield "Checks", f"{len(judged)}" + (f", {after} of them after the request" if after else "")
        if self.way.consent:
            yield "Consent", f"by typing the value of `{_bare(self.way.consent.name)}`, on the figures shown"

    def _sections(self) -> Iterator[Section]:
        runbook = self.runbook
        if runbook.use_when:
            yield Section("When to use it", [Prose(_flat(runbook.use_when))], anchor="when")
        if runbook.prerequisites:
            yield Section(
                "Before you start", [Listing([_flat(text) for text in runbook.prerequisites])], anchor="before"
            )
        yield Section("How it is run", [Code(self._usage()), *self._inputs()], anchor="run")
        yield Section("The procedure", [], [*self._procedure()], anchor="procedure")
        yield Section(
            "What each check decides",
            [Prose(said.DECIDES if self.way.call else said.DECIDES_READS)],
            [*self._checks()],
            anchor="checks",
        )
        yield Section("What it does to other systems", [*self._effects()], anchor="effects")
        if self.page.failures:
            rows = [(what, _flat(say)) for what, say in self.page.failures]
            yield Section("If something goes wrong", [Table(("What happened", "What to do"), rows)], anchor="wrong")
        if runbook.undo:
            yield Section("Reversibility", [Prose(_flat(runbook.undo))], anchor="undo")
        yield Section("How it ends", [Table(("Code", "Meaning", "What to do"), [*self._exits()])], anchor="exits")
        yield Section("What is kept", [*self._kept()], anchor="kept")
        code = self.registry.code_behind(runbook)
        if code:
            given = [
                (str(one["name"]), str(one["version"]), ", ".join(one["gives"]), f"`{one['digest']}`") for one in code
            ]
            lead = Prose("These steps and checks did not come with runbook. Their code is executed by a run.")
            head = ("Extension", "Version", "Gives", "SHA-256 of its code")
            yield Section("Code from elsewhere", [lead, Table(head, given)], anchor="code")

    def _usage(self) -> str:
        needed = "".join(f" {item.flag}" for item in self.page.inputs if item.is_required)
        command = f"runbook run {self.runbook.runbook}{needed}"
        return f"# reads, judges and shows; writes nothing\n{command} --dry-run\n# the same, then what it is for\n{command}"

    def _inputs(self) -> list[Block]:
        rows = []
        for item in self.page.inputs:
            needed = "needed" if item.is_required else f"default {item.default}" if item.default else "optional"
            rows.append((f"`{item.flag}`", needed, _flat(item.help)))
        return [Table(("Input", "", "What it is"), rows)] if rows else [Prose("It takes no inputs.")]

    # The procedure

    def _procedure(self) -> Iterator[Section]:
        section, entries = "", list[Entry]()
        for step in self.runbook.steps:
            if (step.section or "") != section and entries:
                yield Section(section or "Steps", [Entries(entries)])
                entries = []
            section = step.section or ""
            entries.append(self._entry(step))
        yield Section(section or "Steps", [Entries(entries)])

    def _entry(self, step: StepDef) -> Entry:
        effect = self.registry.steps[step.name].effect.value if step.kind == "step" else step.kind
        mark, kind = said.MARKS[effect]
        given = self._given(step)
        if step.kind == "confirm":
            line = f"type the value of `{_bare(step.name)}`; it binds {given}"
        elif step.kind == "policy":
            line = f"all policies of {', '.join(f'`{name}`' for name in step.sets)} must let it pass: {given}"
        else:
            line = f"`{step.name}`: {given}" if given else f"`{step.name}`"
        return Entry(str(self.number[step.id]), self._title(step), mark, kind, [("", line)])

    def _title(self, step: StepDef) -> str:
        return self.page.steps[self.number[step.id] - 1].title

    def _given(self, step: StepDef) -> str:
        """What its `with:` hands it, in words: each name, and where that comes from."""
        return "; ".join(f"{name} {self._source(raw)}" for name, raw in step.with_.items())

    def _source(self, raw: Any) -> str:
        found = []
        for reference in find(raw):
            if reference.expression:
                found.append(f"`{reference.expression}`")
            for root in sorted(reference.names):
                if root == "inputs":
                    flags = [f"`--{name.replace('_', '-')}`" for name in sorted(set(_INPUT.findall(reference.text)))]
                    found.append(f"from {' and '.join(flags)}")
                elif root == "run":
                    found.append("from its own records")
                else:
                    found.append(f"from step {self.number[root]}")
        return ", ".join(dict.fromkeys(found)) or f"`{raw}`"

    # Checks, effects, ends, records

    def _checks(self) -> Iterator[Section]:
        for name in dict.fromkeys(step.name for step in self.runbook.steps if step.kind == "check"):
            check = self.registry.checks[name]
            first, told, _ = words_of(prose_of(check.name, check.judge), checks.WORDS)
            places = [step for step in self.runbook.steps if step.kind == "check" and step.name == name]
            judged = "; ".join(f"step {self.number[step.id]}, {self._given(step)}".rstrip(", ") for step in places)
            rows = [
                ("Judged", judged),
                *((word, _sentence(_result(aloud(told[word])))) for word in checks.WORDS if word in told),
            ]
            yield Section(
                f"{check.title}",
                [*([Prose(_sentence(aloud(first)))] if first else []), Pairs(rows)],
                mark=name,
                kind="dim",
            )

    def _effects(self) -> Iterator[Block]:
        rows = []
        for step in self.runbook.steps:
            if step.kind != "step":
                continue
            known = self.registry.steps[step.name]
            words = steps.words(known)[1]
            does = " ".join(_sentence(_result(aloud(words[word]))) for word in ("Does", "Ends") if word in words)
            rows.append((f"{self.number[step.id]}. {self._title(step)}", said.MARKS[known.effect.value][0], does))
        yield Table(("Step", "Effect", "Request, and what it can come to"), rows)
        yield Prose("Paths are below `/api/v1` of Lago's address; those of the billing console stand as they are.")
        yield Prose(said.AT_MOST_ONCE if self.way.call else "Nothing that it does needs to be undone.")

    def _exits(self) -> Iterator[tuple[str, str, str]]:
        for code in Exit:
            if code in said.NEVER or (self.way.call is None and code in said.ONE_WAY_ONLY):
                continue
            article = exits.article(code)
            fix = next((part.text for part in article.parts if part.heading == "Fix" and not part.language), "")
            yield str(code.value), aloud(article.title.partition(": ")[2]), aloud(fix)

    def _kept(self) -> Iterator[Block]:
        has = {
            "": True,
            "when": any(step.when for step in self.runbook.steps),
            "confirm": self.way.consent is not None,
            "call": self.way.call is not None,
        }
        yield Prose(said.JOURNAL)
        yield Table(("Record", "Keeps"), [(f"`{kind}`", text) for kind, text, needs in said.KEPT if has[needs]])
        yield Prose(said.IN_CLEAR)
        if self.runbook.audit:
            yield Prose(_flat(self.runbook.audit))


def _bare(reference: str) -> str:
    return ", ".join(one.text for one in find(reference)) or reference


def _result(text: str) -> str:
    """Words that are meant for authors of runbooks, said for their readers."""
    return text.replace("`${id}`", "its result").replace(
        ", each of which a note under `when_it_fails` can speak of", ""
    )


def _sentence(text: str) -> str:
    """With a capital letter at its beginning and a full stop at its end."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", ":")) or not text else ".")


def _flat(text: str) -> str:
    return " ".join(text.split())
