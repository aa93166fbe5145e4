"""What every test may use: `--update-...` rewrites what is kept beside the tests, or made from the source."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# A gate must say the same of the same commit: there the properties are tried on the same examples every time, and new
# ones are found by whoever runs the tests by hand. How long an example takes is the machine's affair, not the code's.
# The campaign tries each property on more.
settings.register_profile("gate", derandomize=True, deadline=None, max_examples=50)
settings.register_profile("hand", deadline=None, max_examples=50)
settings.register_profile("campaign", deadline=None, max_examples=300)
settings.load_profile("gate" if os.environ.get("CI") else "hand")

SCREENS = Path(__file__).parent / "screens"


MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 2**30


def pytest_configure(config: pytest.Config) -> None:
    """Let tests write into memory where there is enough of it, and what they write may be run; else where pytest would.

    A journal waits for the disk at each of its records, tens of thousands of times in all. A process that is killed loses
    nothing that it wrote to a file, so what a test looks for is there all the same. `--basetemp` names another place.
    """
    if os.access(MEMORY, os.W_OK | os.X_OK):
        room = os.statvfs(MEMORY)
        if room.f_bavail * room.f_frsize > MEMORY_NEEDED and not room.f_flag & os.ST_NOEXEC:
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    if _is_campaign(config):
        settings.load_profile("campaign")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let properties be part of the campaign too."""
    for item in items if _is_campaign(config) else ():
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("campaign")


def _is_campaign(config: pytest.Config) -> bool:
    return bool(config.getoption("markexpr") == "campaign")


def pytest_collection_finish() -> None:
    """Let Python look for garbage in what the tests make, seldom, and not again and again in all that was collected."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--update-screens`, `--update-expected` and `--update-pages`."""
    parser.addoption("--update-screens", action="store_true", help="rewrite tests/screens/*.txt as they are now")
    parser.addoption("--update-expected", action="store_true", help="rewrite tests/invalid/*.txt as they are now")
    parser.addoption("--update-pages", action="store_true", help="make the made parts of docs/*.md anew")


@pytest.fixture
def screen(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the screen of this name, or make it that screen."""

    def compare(name: str, text: str) -> None:
        path = SCREENS / f"{name}.txt"
        if request.config.getoption("--update-screens"):
            SCREENS.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.exists(), f"there is no screen {name}; `pytest --update-screens` makes it"
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture
def expected(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare a text with the one kept in this file, or make it that one."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update-expected"):
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.exists(), f"there is no {path.name}; `pytest --update-expected` makes it"
        assert text == path.read_text(encoding="utf-8")

    return compare
