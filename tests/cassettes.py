"""Recorded traffic under the client, played by vcrpy: a request that was not recorded, to the letter, fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import vcr
from recorded import scenario

from engine.clock import Clock
from engine.lago import Lago
from engine.values import Secret

_TAPE = vcr.VCR(record_mode="none", match_on=["method", "uri"])


@contextmanager
def playing(file: Path) -> Iterator[Any]:
    """One cassette. A read may be repeated or go unused; `play_count` counts the requests."""
    with _TAPE.use_cassette(str(file), allow_playback_repeats=True) as cassette:
        yield cassette


@contextmanager
def cassette(name: str, stage: str) -> Iterator[Any]:
    """The cassette of one stage of a scenario."""
    file = next(one.file for one in scenario(name).stages if one.name == stage)
    assert file is not None
    with playing(file) as played:
        yield played


def lago(**more: Any) -> Lago:
    """The client, at the server that the recordings name."""
    return Lago("https://lago.example/api/v1", Secret("the-key"), clock=Clock(), **more)
