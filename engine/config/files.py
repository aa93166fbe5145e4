"""The texts of settings and where each came from: flags, environment, project file, user file. Floor 2.

Nothing is interpreted here but names: what a text means is `table`, which one wins is `settings`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from datetime import date, datetime, time
from enum import IntEnum
from pathlib import Path
from typing import Any

from engine.config.table import BY_ENV, BY_NAME, CODE, KEYS, LISTS, OWN, TABLE, Place
from engine.plain import dataclass

MOST_BYTES = 1_000_000


class Layer(IntEnum):
    """Where a value came from, in rising order of precedence."""

    DEFAULT = 0
    USER = 1
    PROJECT = 2
    ENVIRONMENT = 3
    FLAG = 4


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one value came from: the layer, the name a person finds it by (`LAGO_API_URL`, `config.toml:3`), a file."""

    layer: Layer
    name: str
    file: Path | None = None

    @property
    def party(self) -> str:
        """Who set it. A key goes only to an address of the same party; flags and environment are the person's shell."""
        return {
            Layer.FLAG: "your shell",
            Layer.ENVIRONMENT: "your shell",
            Layer.PROJECT: "the project file",
            Layer.USER: "your user file",
            Layer.DEFAULT: "the default",
        }[self.layer]


@dataclass(frozen=True, slots=True)
class Text:
    """One text that was found, where, and what relative paths in it are relative to. It may be a key: never shown."""

    text: str = field(repr=False)
    origin: Origin
    place: Place


@dataclass(frozen=True, slots=True)
class Found:
    """All texts of one layer by the setting's name, and what is wrong with the layer, a sentence each."""

    texts: Mapping[str, Text]
    faults: tuple[str, ...] = ()


class _Number(str):
    """A TOML number by its own digits, so that 0.1 is never a float on its way."""

    __slots__ = ()


def from_flags(flags: Mapping[str, str], place: Place) -> Found:
    """Flags by the setting's name. Raises KeyError for a name that is none, and for a key: argv is no place for it."""
    texts = {}
    for name, text in flags.items():
        if BY_NAME[name].is_secret:
            raise KeyError(name)
        texts[name] = Text(text.strip(), Origin(Layer.FLAG, f"--{name.replace('_', '-')}"), place)
    return Found(texts)


def from_environment(env: Mapping[str, str], place: Place) -> Found:
    """Variables by the setting's name; an empty one counts as not set."""
    texts, faults = {}, []
    for row in TABLE:
        text = env.get(row.env, "").strip()
        if text:
            texts[row.name] = Text(text, Origin(Layer.ENVIRONMENT, row.env), place)
            loose = [part for part in text.split(os.pathsep) if part.strip() and not part.startswith(("/", "~/"))]
            if row.name in CODE and loose:
                faults.append(f"{row.env}: `{loose[0]}` would be other code in every folder; write the whole path")
    return Found(texts, tuple(faults))


def unknown_variables(env: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence for each variable that is nearly a setting's name, and so has no effect at all."""
    strange = sorted(name for name in env if name not in BY_ENV and name.startswith(("RUNBOOK_", "LAGO_", "BILLING_")))
    near = ((name, _close(name, BY_ENV, 0.9)) for name in strange)
    return tuple(f"{name} is no setting; did you mean {match}?" for name, match in near if match)


def project_file(cwd: Path) -> Path | None:
    """The nearest `pyproject.toml` from `cwd` upwards."""
    return next((path for folder in (cwd, *cwd.parents) if (path := folder / "pyproject.toml").is_file()), None)


def from_project(path: Path, home: Path) -> Found:
    """`[tool.runbook]` of a project's file. Keys and files with keys are refused there."""
    text, document, faults = _load(path)
    tool = document.get("tool")
    section = tool.get("runbook", {}) if isinstance(tool, dict) else {}
    if not isinstance(section, dict):
        return Found({}, (f"{path}: `tool.runbook` must be a table",))
    found = _read(section, path, _Lines(text, "tool.runbook"), Layer.PROJECT, home, faults)
    held = sorted(KEYS & found.texts.keys())
    faults = tuple(
        f"{found.texts[name].origin.name}: a project file may neither hold a key nor name a file with one: "
        f"`{name}` (remove it; where a key was committed, replace the key)"
        for name in held
    )
    faults += tuple(
        f"{found.texts[name].origin.name}: {why}; set `{name}` in your user file"
        for name, why in OWN.items()
        if name in found.texts
    )
    kept = {name: text for name, text in found.texts.items() if name not in KEYS | OWN.keys()}
    return Found(kept, (*found.faults, *faults))


def from_user(path: Path, home: Path) -> Found:
    """The user's own file, whose keys stand at the top level."""
    text, document, faults = _load(path)
    return _read(document, path, _Lines(text, ""), Layer.USER, home, faults)


def _load(path: Path) -> tuple[str, dict[str, Any], tuple[str, ...]]:
    """The file's text and content, or what is wrong with it. A file that is not there is empty."""
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return "", {}, ()
    except OSError as error:
        return "", {}, (f"{path}: cannot be read: {error.strerror}",)
    if len(raw) > MOST_BYTES:
        return "", {}, (f"{path}: larger than {MOST_BYTES} bytes, which is no settings file",)
    import tomllib  # few have such a file, and none needs it twice

    try:
        text = raw.decode("utf-8-sig")
        return text, tomllib.loads(text, parse_float=_Number), ()
    except UnicodeDecodeError:
        return "", {}, (f"{path}: not UTF-8",)
    except RecursionError:
        return "", {}, (f"{path}: not TOML: nested too deeply",)
    except tomllib.TOMLDecodeError as error:
        said = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", str(error), re.DOTALL)
        where = f"{path}:{said[2]}:{said[3]}" if said else str(path)
        return "", {}, (f"{where}: not TOML: {said[1] if said else error}",)


def _read(
    section: Mapping[str, Any], path: Path, lines: _Lines, layer: Layer, home: Path, faults: Iterable[str]
) -> Found:
    texts: dict[str, Text] = {}
    wrong = list(faults)
    for key, value in section.items():
        where = lines.place_of(path, key)
        name = _name_of(key)
        if name is None:
            wrong.append(f"{where}: unknown key `{key}`{_nearest(key)}")
        elif name in texts:
            wrong.append(f"{where}: `{key}` is set twice, in two spellings")
        else:
            text = _text_of(value, name)
            if text is None:
                wrong.append(f"{where}: `{key}` must be {_wanted(name)}")
            elif not text.strip():
                wrong.append(f"{where}: `{key}` is empty; remove the line to leave it unset")
            else:
                texts[name] = Text(text.strip(), Origin(layer, where, path), Place(path.parent, home))
    return Found(texts, tuple(wrong))


def _name_of(key: str) -> str | None:
    """A key in any of its spellings: `journal`, `poll-interval`, `RUNBOOK_JOURNAL`, `lago_api_url`."""
    name = key.lower().replace("-", "_")
    name = name if name in BY_NAME else name.removeprefix("runbook_")
    return name if name in BY_NAME else None


def _nearest(key: str) -> str:
    match = _close(key.lower().replace("-", "_"), BY_NAME, 0.6)
    return f"; did you mean `{match}`?" if match else ""


def _close(word: str, known: Iterable[str], cutoff: float) -> str | None:
    from difflib import get_close_matches  # for a word that is wrong

    return next(iter(get_close_matches(word, known, n=1, cutoff=cutoff)), None)


def _wanted(name: str) -> str:
    return "a text, or a list of texts" if name in LISTS else "a text or a number"


def _text_of(value: Any, name: str) -> str | None:
    """A TOML value as the text that a variable would hold, or None when it has no such text."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**12 else "a number far too large"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date | time):
        return str(value)
    if name in LISTS and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return None if any(os.pathsep in item for item in value) else os.pathsep.join(value)
    return None


class _Lines:
    """Where a key stands, as far as a reader of lines can tell: `tomllib` keeps no places (Python 3.11)."""

    def __init__(self, text: str, table: str) -> None:
        self._found = dict(self._scan(text, table))

    def place_of(self, path: Path, key: str) -> str:
        """`path:line`, or the path alone where the key stands in no line of its own."""
        line = self._found.get(key)
        return f"{path}:{line}" if line else str(path)

    @staticmethod
    def _scan(text: str, table: str) -> Iterator[tuple[str, int]]:
        present = ""
        for number, line in enumerate(text.splitlines(), 1):
            if header := re.match(r"\s*\[\s*([^\[\]]*?)\s*\]\s*(#.*)?$", line):
                present = re.sub(r"[\s\"']", "", header[1])
            elif present == table and (key := re.match(r"\s*[\"']?([\w-]+)[\"']?\s*=", line)):
                yield key[1], number
