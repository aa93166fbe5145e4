"""All that extensions give under one roof: declared at once, imported when named, each name given once. Floor 4."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import Any

from engine.checks.base import Check
from engine.diagnostics import Diagnostic, Span
from engine.extensions import declaration, executing, trust
from engine.extensions.containing import contained_check, contained_step
from engine.extensions.packages import Kind, Name, Offer, code_of, offers
from engine.extensions.places import Place, place_of
from engine.plain import dataclass
from engine.settings import Settings

DICTS: tuple[tuple[Kind, str], ...] = (("step", "STEPS"), ("check", "CHECKS"))


@dataclass(frozen=True, slots=True)
class Extension:
    """One file or package whose code was executed, at `path`. `digest` is SHA-256 of the file, or of all of the package."""

    kind: str
    name: str
    version: str | None
    digest: str
    path: Path

    @property
    def label(self) -> str:
        """`acme_checks.py`, or `acme-runbook 1.2`."""
        return f"{self.name} {self.version}" if self.version else self.name


@dataclass(frozen=True, slots=True)
class _Given:
    """A step or check that can be used, and the file that its code stands in."""

    thing: Any
    extension: Extension
    home: Path


@dataclass(frozen=True, slots=True)
class _Claim:
    """A name that a file or a package claims, where it says so, and what is behind it."""

    name: Name
    label: str
    place: Place
    spot: Span
    behind: Offer | _Given


@dataclass(slots=True)
class _Declared:
    """What is claimed once all files are executed and all tables read. `faults` stand in every runbook's way."""

    claims: dict[Name, _Claim] = field(default_factory=dict)
    files: list[Extension] = field(default_factory=list)
    faults: list[Diagnostic] = field(default_factory=list)


@dataclass
class Loaded:
    """What extensions give beside `built_in`: files are executed when the first name is asked for, packages by name."""

    settings: Callable[[], Settings]
    built_in: Mapping[Kind, Mapping[str, Any]]
    _imported: dict[Name, _Given | None] = field(default_factory=dict)
    _broken: dict[Name, list[Diagnostic]] = field(default_factory=dict)

    def find(self, kind: Kind, name: str) -> Any | None:
        """The step or check of this name, or None."""
        given = self._given((kind, name))
        return given.thing if given else None

    def names(self, kind: Kind) -> Iterator[str]:
        """Every name that can be used."""
        return (name for one, name in self._declared.claims if one == kind and self._given((kind, name)))

    def home(self, kind: Kind, name: str) -> Path | None:
        """The file that holds the code of this name; None when no extension gives it."""
        given = self._given((kind, name))
        return given.home if given else None

    def faults(self, own: Iterable[Name]) -> list[Diagnostic]:
        """What stands in the way of a runbook that names these: every file's faults, and those of the packages it names."""
        found = list(self._declared.faults)
        for name in own:
            self._given(name)
            found += self._broken.get(name, [])
        return found

    def behind(self, own: Iterable[Name]) -> list[tuple[Extension, list[str]]]:
        """The code that ran for a runbook that names these, with the names that it gave."""
        found: dict[Extension, list[str]] = {one: [] for one in self._declared.files}
        for name in own:
            if given := self._given(name):
                found.setdefault(given.extension, []).append(name[1])
        return [(one, sorted(names)) for one, names in found.items()]

    def everything(self) -> tuple[list[tuple[Extension, list[str]]], list[Diagnostic]]:
        """Every extension with what it gives, and all that is wrong with any; packages are imported for it."""
        names = list(self._declared.claims)
        broken = [fault for name in names if not self._given(name) for fault in self._broken.get(name, [])]
        return self.behind(names), [*self._declared.faults, *broken]

    def _given(self, name: Name) -> _Given | None:
        claim = self._declared.claims.get(name)
        if claim is None or isinstance(claim.behind, _Given):
            return claim.behind if claim else None  # type: ignore[return-value]
        if name not in self._imported:
            self._imported[name] = self._import(claim, claim.behind)
        return self._imported[name]

    def _import(self, claim: _Claim, offer: Offer) -> _Given | None:
        module, thing, fault = executing.load(offer)
        if module is None or fault is not None:
            self._broken[claim.name] = [fault] if fault else []
            return None
        home = place_of(Path(module.__file__)) if module.__file__ else claim.place
        spot = home.assigned(offer.value.partition(":")[2].strip())
        found = declaration.faults(*claim.name, thing, home, spot)
        if found:
            self._broken[claim.name] = found
            return None
        path, digest = code_of(module)
        return _given(thing, Extension("package", offer.package, offer.version, digest, path), home.path)

    @cached_property
    def _declared(self) -> _Declared:
        declared = _Declared()
        settings = self.settings()
        fault = trust.untrusted(settings)
        if fault is not None:
            declared.faults.append(fault)
        paths = settings.extensions if fault is None else ()
        for path in dict.fromkeys(Path(os.path.realpath(path)) for path in paths):
            self._file(path, declared)
        for offer in offers():
            place = place_of(offer.table)
            self._claim(_Claim((offer.kind, offer.name), offer.label, place, place.word(offer.name), offer), declared)
        return declared

    def _file(self, path: Path, declared: _Declared) -> None:
        content, fault = trust.read(path)
        module = None
        if fault is None:
            module, fault = executing.execute(path, content)
        if module is None:
            declared.faults += [fault] if fault else []
            return
        place = Place(path, content.decode("utf-8", "replace"))
        extension = Extension("file", path.name, None, "sha256:" + hashlib.sha256(content).hexdigest(), path)
        declared.files.append(extension)
        offered = [(kind, name, module.__dict__[name]) for kind, name in DICTS if name in module.__dict__]
        if not offered:
            help = 'write `CHECKS = {"acme.my_check": CHECK}`, or `STEPS`'
            declared.faults.append(place.fault("EX004", "this file offers nothing", help))
        for kind, dict_name, things in offered:
            if not isinstance(things, Mapping) or not all(isinstance(name, str) for name in things):
                help = f'write `{dict_name} = {{"acme.name": ...}}`'
                spot = place.assigned(dict_name)
                declared.faults.append(place.fault("EX004", f"`{dict_name}` is no dict by names", help, spot))
                continue
            for name, thing in things.items():
                spot = place.assigned(dict_name, name)
                found = declaration.faults(kind, name, thing, place, spot)
                declared.faults += found
                if not found:
                    given = _given(thing, extension, path)
                    self._claim(_Claim((kind, name), extension.label, place, spot, given), declared)

    def _claim(self, claim: _Claim, declared: _Declared) -> None:
        """A name is given once: never in place of what comes with runbook, and never by two at a time."""
        kind, name = claim.name
        if name in self.built_in[kind]:
            message = f"`{name}` of {claim.label} is a {kind} that comes with runbook"
            declared.faults.append(
                claim.place.fault("EX005", message, f"call it by a name of your own, as `acme.{name}`", claim.spot)
            )
        elif claim.name in declared.claims:
            first = declared.claims[claim.name].label
            message = f"the {kind} `{name}` is given twice, by {first} and by {claim.label}"
            help = "keep one of them: remove the file from `extensions`, uninstall the package, or rename one"
            declared.faults.append(claim.place.fault("EX005", message, help, claim.spot))
        else:
            declared.claims[claim.name] = claim


def _given(thing: Any, extension: Extension, home: Path) -> _Given:
    contained = contained_check(thing) if isinstance(thing, Check) else contained_step(thing, extension.label)
    return _Given(contained, extension, home)
