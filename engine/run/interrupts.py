"""Ctrl-C and SIGTERM around a one-way request: held while a record is written, told first while an answer is due.

Floor 4. In `free` a signal raises at once. In `held` it is kept until the block ends: a record is whole or not
begun. In `awaited` the first Ctrl-C only tells the person that the request is on its way; a second one, or
SIGTERM, raises, and the outcome is then unknown. A signal that was raised is the last one: what it brings about (a
record, an ending) is not torn by another.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Literal

from engine.errors import Terminated


class Interrupts:
    """The signals of one command. `install` is for the main thread; without it nothing changes."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._mode: Literal["free", "held", "awaited"] = "free"
        self._kept: type[BaseException] | None = None
        self._told = False
        self._warning = ""

    def install(self) -> None:
        """Take SIGINT and SIGTERM over."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._on_signal)
            signal.signal(signal.SIGTERM, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        kind: type[BaseException] = Terminated if number == signal.SIGTERM else KeyboardInterrupt
        if self._mode == "held":
            self._kept = kind
        elif self._mode == "awaited" and kind is KeyboardInterrupt and not self._told:
            self._told = True
            self._tell(self._warning)
        else:
            self._mode = "held"
            raise kind

    def hold(self) -> None:
        """From now on signals wait, but for `freed` and `awaited` blocks; what is known must not be lost to one."""
        self._mode = "held"

    @contextmanager
    def freed(self) -> Iterator[None]:
        """In this block a signal raises at once, one that waited at its beginning; the caller's `try` stands around it."""
        try:
            self._mode = "free"
            self.release()
            yield
        finally:
            self._mode = "held"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Signals wait until this block is over. Nested in another block they wait for that one."""
        before = self._mode
        self._mode = "held"
        try:
            yield
        finally:
            self._mode = before
            if self._mode == "free":
                self.release()

    @contextmanager
    def awaited(self, warning: str) -> Iterator[None]:
        """An answer is due: the first Ctrl-C says `warning`, the next one raises."""
        before, self._warning, self._told = self._mode, warning, False
        self._mode = "awaited"
        try:
            yield
        finally:
            self._mode = before

    def release(self) -> None:
        """Raise a signal that was held."""
        kept, self._kept = self._kept, None
        if kept is not None:
            self._mode = "held"
            raise kept

    @property
    def kept(self) -> type[BaseException] | None:
        """The signal that is being held, if any."""
        return self._kept
