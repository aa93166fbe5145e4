"""Work that goes on in a thread of its own: an answer that is waited for need not wait for another one first. Floor 1.

The threads are daemons: a command that ends does not stay for an answer that nobody will read any more.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Awaited(Protocol[T_co]):
    """What somebody will ask for."""

    def result(self) -> T_co:
        """What came of it, to be asked once. Raises what the work raised."""


class Begin(Protocol):
    """How work is begun: `UnderWay` or `InTurn`."""

    def __call__(self, work: Callable[[], T], /) -> Awaited[T]:
        """Begin it."""


class UnderWay(Generic[T]):
    """Work that was begun. It must touch nothing that somebody else touches meanwhile, and tell nobody anything."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._came: SimpleQueue[tuple[T] | BaseException] = SimpleQueue()
        Thread(target=self._do, args=(work,), daemon=True).start()

    def _do(self, work: Callable[[], T]) -> None:
        try:
            self._came.put((work(),))
        except BaseException as error:
            self._came.put(error)

    def result(self, within: float | None = None) -> T:
        """What came of it, to be asked once. Waits for it, at most `within` seconds; a signal is answered meanwhile.

        Raises what the work raised; TimeoutError when the time is over, and the work is then left behind.
        """
        try:
            came = self._came.get(timeout=within)
        except Empty:
            raise TimeoutError from None
        if isinstance(came, BaseException):
            raise came
        return came[0]


class InTurn(Generic[T]):
    """Work that is done when it is asked for, where the order of what is done is to be always the same."""

    def __init__(self, work: Callable[[], T]) -> None:
        self.result = work
