"""The parts of the manual that are made from the source: what stands between `<!-- made: ... -->` and `<!-- /made -->`.

What stands around them is written by hand. `pytest --update-pages` makes them anew.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from pathlib import Path

from engine.errors import Exit
from engine.explain import checks, diagnostics, exits, facts, inputs, steps
from engine.explain.entries import prose_of
from engine.registry import built_in
from engine.reports.articles import Part, parts_of

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
MADE = re.compile(r"(<!-- made: (.+?) -->\n).*?(<!-- /made -->)", re.DOTALL)
REGISTRY = built_in()


def made(page: str) -> str:
    """A page with all its made parts made anew."""
    return MADE.sub(lambda found: f"{found[1]}\n{_part(found[2])}\n\n{found[3]}", page)


def pages() -> list[Path]:
    """Every page with a made part."""
    return [path for path in sorted(DOCS.glob("*.md")) if MADE.search(path.read_text("utf-8"))]


def _part(words: str) -> str:
    name, _, rest = words.partition(": ")
    return MAKERS[name](rest.split()).strip("\n")


def _diagnostics(codes: list[str]) -> str:
    return "\n\n".join(_diagnostic(code) for code in codes)


def _diagnostic(code: str) -> str:
    article = diagnostics.article(code)
    text = [f"### {code}: {article.title}", *(part.text for part in article.parts if not part.heading)]
    said = [
        _item(part.heading, part.text) for part in article.parts if part.heading in ("Why", "Fix") and not part.language
    ]
    return "\n\n".join([*text, "\n".join(said), *(_block(part) for part in article.parts if part.language)])


def _example(families: list[str]) -> str:
    (family,) = families
    language = "python" if diagnostics.FAMILIES[family].name.endswith(".py") else "yaml"
    return f"```{language}\n{diagnostics.base(family)}```"


def _exit_table(_: list[str]) -> str:
    rows = ["| code | name | meaning | what to do |", "| --- | --- | --- | --- |"]
    for exit in Exit:
        article = exits.article(exit)
        meaning = article.title.partition(": ")[2]
        fix = next(part.text for part in article.parts if part.heading == "Fix")
        fix = " ".join(fix.split("\n\n")[0].split()).removesuffix(".")
        rows.append(f"| {exit.value} | {exits.name_of(exit)} | {meaning} | {fix[0].lower() + fix[1:]} |")
    return "\n".join(rows)


def _exits(_: list[str]) -> str:
    return "\n\n".join(_exit(exit) for exit in Exit)


def _exit(exit: Exit) -> str:
    article = exits.article(exit)
    text = [part.text for part in article.parts if not part.heading and not part.language]
    said = [_item(part.heading, part.text) for part in article.parts if part.heading and not part.language]
    shown = re.findall(r"<!-- shown by (\S+)::(\w+) -->", (exits.FOLDER / f"{exit.value}.md").read_text("utf-8"))
    by = [f"Shown by `{name}` in [{path}](../{path})." for path, name in shown]
    blocks = [_block(part) for part in article.parts if part.language]
    return "\n\n".join([f"### {exit.value}: {exits.name_of(exit)}", *text, "\n".join(said), *blocks, *by])


def _checks(_: list[str]) -> str:
    sections = []
    for name, check in REGISTRY.checks.items():
        blocks = [_block(part) for part in parts_of(prose_of(name, check.judge)) if part.language]
        items = "\n".join(_wrapped(item) for item in re.split(r"\n(?=- )", checks.verdicts(check)))
        sections.append("\n\n".join([f"## `{name}`", items, *blocks]))
    return "\n\n".join(sections)


def _step_table(_: list[str]) -> str:
    rows = ["| step | effect | takes | does | `${id}` is |", "|---|---|---|---|---|"]
    for name, step in REGISTRY.steps.items():
        does = " ".join(steps.words(step)[1]["Does"].split()).removesuffix(".")
        taken = ", ".join(f"`{field}`" for field in step.Params.model_fields)
        rows.append(f"| `{name}` | {step.effect.value} | {taken} | {does} | {step.Fact.__name__} |")
    return "\n".join(rows)


def _steps(_: list[str]) -> str:
    sections = []
    for name, step in REGISTRY.steps.items():
        first, said, blocks = steps.words(step)
        items = [_item(word, text) for word, text in said.items() if word != "Does"]
        text = "\n".join(textwrap.wrap(f"{first[0].upper()}{first[1:]}", 120, break_on_hyphens=False))
        sections.append("\n\n".join([f"### `{name}`", text, "\n".join(items), *map(_block, blocks)]))
    return "\n\n".join(sections)


def _facts(_: list[str]) -> str:
    sections = []
    for name, kind in facts.kinds(REGISTRY).items():
        article = facts.article(kind, REGISTRY)
        text = ["\n".join(textwrap.wrap(part.text, 120, break_on_hyphens=False)) for part in article.parts[:-1]]
        fields = re.sub(r"- \*\*(`\w+`)\*\* ", r"- \1: ", article.parts[-1].text)
        sections.append("\n\n".join([f"### `{name}`", *text, fields]))
    return "\n\n".join(sections)


def _inputs(_: list[str]) -> str:
    rows = [f"| `{name}` | {written} | `{example}` |" for name, (written, example) in inputs.TYPES.items()]
    return "\n".join(["| type | what is written | example |", "|---|---|---|", *rows])


def _item(word: str, text: str) -> str:
    return _wrapped(f"- **{word}** {text}")


def _wrapped(item: str) -> str:
    """A list's item in lines; a second paragraph of it stays one."""
    paragraphs = [" ".join(text.split()) for text in item.split("\n\n")]
    first, *more = (textwrap.wrap(text, 118, break_on_hyphens=False, break_long_words=False) for text in paragraphs)
    lines = [first[0], *(f"  {line}" for line in first[1:])]
    for rest in more:
        lines += ["", *(f"  {line}" for line in rest)]
    return "\n".join(lines)


def _block(part: Part) -> str:
    return f"```{part.language}\n{part.text}\n```"


MAKERS: dict[str, Callable[[list[str]], str]] = {
    "diagnostics": _diagnostics,
    "the example": _example,
    "table of exit codes": _exit_table,
    "exit codes": _exits,
    "checks": _checks,
    "table of steps": _step_table,
    "steps": _steps,
    "facts": _facts,
    "types of inputs": _inputs,
}
