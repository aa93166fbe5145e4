"""Facts out of the recordings, as a run would read them: by scenario and stage, or all of one kind."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from engine.facts import Fact
from engine.lago_models import Invoice
from engine.sandbox.scenario import SHIPPED, Scenario, Stage, load
from engine.testing import recorded_facts
from engine.testing.recorded_facts import Row

FOLDERS = {
    folder.name: folder
    for root in (SHIPPED, Path(__file__).parent / "recordings")
    for folder in sorted(root.iterdir())
    if (folder / "scenario.yaml").is_file()
}


_READ: dict[Path | None, tuple[Row, ...]] = {}


@cache
def scenario(name: str) -> Scenario:
    """The recorded scenario of this name."""
    return load(FOLDERS[name])


def answers(name: str, stage: str) -> tuple[Row, ...]:
    """Method, path with query, status and JSON of every call of a stage: by name (the first such) or by file name."""
    return rows(next(one for one in scenario(name).stages if one.file and stage in (one.name, one.file.stem)))


def rows(stage: Stage) -> tuple[Row, ...]:
    """The same of one stage; none where nothing was recorded."""
    if stage.file not in _READ:
        _READ[stage.file] = recorded_facts.rows(stage)
    return _READ[stage.file]


def raw_invoice(name: str, stage: str) -> dict[str, Any]:
    """The invoice of a stage as Lago sent it, a copy of its own to change."""
    (found, *_) = [
        body["invoice"] for _, _, status, body in answers(name, stage) if status == 200 and "invoice" in body
    ]
    return copy.deepcopy(found)


def invoice(name: str, stage: str) -> Invoice:
    """The invoice that a stage's reads, or the answer to its write, show."""
    return Invoice.model_validate(raw_invoice(name, stage))


def facts(name: str, stage: str) -> dict[str, Fact]:
    """What a run reads in a stage: invoice, customer, entity, subscriptions, credits."""
    found = recorded_facts.stage_of(scenario(name), stage)
    assert found is not None
    return recorded_facts.facts_of(found)


def every_answer(key: str) -> Iterator[tuple[str, Any]]:
    """Everything that stands under `key` in a 200 answer of any recording, with where it stands."""
    for name in FOLDERS:
        for stage in scenario(name).stages:
            for _, path, status, body in rows(stage):
                if status == 200 and isinstance(body, dict) and key in body:
                    yield f"{name}/{stage.name}{path}", body[key]
