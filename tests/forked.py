"""The real command in a forked child: all is imported already, so that hundreds of runs, each killed elsewhere, are cheap.

A child has its own environment, folder, standard streams and signals, runs `cli.main()` and ends with its exit code.
It notes every step that a kill can come before or after (a durable record, an operation on a socket) and kills itself
there with SIGKILL, as a power cut of the process would: nothing is flushed, closed or unwound. What comes of the bytes
of a shipped file alone, whoever reads it, is worked out once, before there are children.
"""

from __future__ import annotations

import fcntl
import gc
import importlib
import os
import pkgutil
import random
import select
import signal
import sys
import tempfile
import termios
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

from lago_server import Result
from pydantic import BaseModel

import cli
import engine
from engine import library
from engine.folders import SHIPPED, SHIPPED_POLICIES
from engine.http.deadline import DeadlineBackend, DeadlineStream
from engine.journal import Journal
from engine.library import Loaded
from engine.policy_files import library as policy_library
from engine.policy_files.library import Checked
from engine.registry import Registry, built_in
from engine.source import Parsed, parse

LONGEST = 30.0
_ONE_AT_A_TIME = threading.Lock()  # or a child would hold the end of another's pipe


def _import_all() -> None:
    for module in pkgutil.walk_packages(engine.__path__, "engine."):
        importlib.import_module(module.name)
    _build(BaseModel)


def _build(model: type[BaseModel]) -> None:
    """Build the validators that a process builds when it first needs them, so that no child has to."""
    for kind in model.__subclasses__():
        if kind.__module__.startswith("engine."):
            kind.model_rebuild()
        _build(kind)


_import_all()

SHIPPED_FILES = [(path, path.read_bytes()) for folder in (SHIPPED, SHIPPED_POLICIES) for path in folder.glob("*.yaml")]
_PARSED = {
    (content, name): parse(content, name, is_quick=True)
    for path, content in SHIPPED_FILES
    for name in (str(path), path.stem)
}
_POLICIES = {one: policy_library.check(*one) for one in SHIPPED_FILES if one[0].parent == SHIPPED_POLICIES}
_RUNBOOKS = {
    (path, content): library.check(path, built_in(), content)
    for path, content in SHIPPED_FILES
    if path in library.files(()).values()
}


def _remember() -> None:
    """Let this process take what is known of a shipped file; one that was changed by a byte, or moved, is read anew."""
    check, look_over = policy_library.check, library.check

    def parsed(content: bytes, path: str, *, is_quick: bool = False) -> Parsed:
        known = _PARSED.get((content, path)) if is_quick else None
        return parse(content, path, is_quick=is_quick) if known is None else replace(known)

    def checked(path: Path, content: bytes | None = None) -> Checked:
        return _POLICIES.get((path, path.read_bytes())) or check(path, content)

    def looked_over(path: Path, registry: Registry, content: bytes | None = None) -> Loaded:
        """A shipped runbook beside the shipped policies and no others, which it was looked over with."""
        found = library.read(path) if content is None else content
        known = _RUNBOOKS.get((path, found))
        if known and all((file, file.read_bytes()) in _POLICIES for file in registry.policies.files().values()):
            return known
        return look_over(path, registry, found)

    setattr(library, "check", looked_over)  # noqa: B010  (mypy)
    setattr(library, "parse", parsed)  # noqa: B010
    setattr(policy_library, "parse", parsed)  # noqa: B010
    setattr(policy_library, "check", checked)  # noqa: B010


@dataclass(frozen=True)
class Point:
    """A moment of a run: before or after the nth step of a kind (`record`, `connect`, `write`, `read`).

    With `since` it is the nth since that record began: reads go on side by side and come in another order each time,
    but what comes of them is recorded in the order of the steps.
    """

    moment: str
    kind: str
    nth: int
    since: int | None = None

    def __str__(self) -> str:
        since = "" if self.since is None else f" since record {self.since}"
        return f"{self.moment} {self.kind} {self.nth}{since}"


@dataclass(frozen=True)
class Step:
    """A moment that a run came to, and what it was about: a record's type, a request line."""

    point: Point
    about: str


@dataclass(frozen=True)
class Done:
    """What became of a child: its result (`code` is -9 after a kill) and every moment that it came to, in order."""

    result: Result
    steps: list[Step]

    @property
    def was_killed(self) -> bool:
        """Whether it came to the moment of its kill."""
        return self.result.code == -signal.SIGKILL

    @property
    def sent(self) -> list[str]:
        """The request lines of the writes that left whole, in order."""
        lines = [step.about for step in self.steps if step.point.kind == "write" and step.point.moment == "after"]
        return [line for line in lines if line.startswith("PUT ")]


@dataclass
class _Watch:
    """Counts the steps of this process, notes each, and ends it at `kill`, or sends it another signal."""

    trace: int
    kill: Point | None
    number: int = signal.SIGKILL
    counts: Counter[tuple[str, int | None]] = field(default_factory=Counter)
    counting: Any = field(default_factory=threading.Lock)

    def around(self, kind: str, about: str, act: Callable[[], Any]) -> Any:
        with self.counting:
            since = None if kind == "record" else self.counts["record", None]
            for key in {(kind, None), (kind, since)}:
                self.counts[key] += 1
            of_all, nth = self.counts[kind, None], self.counts[kind, since]
        self._at(Point("before", kind, nth, since), Point("before", kind, of_all), about)
        value = act()
        self._at(Point("after", kind, nth, since), Point("after", kind, of_all), about)
        return value

    def _at(self, point: Point, of_all: Point, about: str) -> None:
        since = "" if point.since is None else point.since
        os.write(self.trace, f"{point.moment}\t{point.kind}\t{point.nth}\t{since}\t{about}\n".encode())
        if self.kill in (point, of_all):
            os.kill(os.getpid(), self.number)

    def install(self) -> None:
        """Wrap the journal's two ways to write and the socket's operations. For a process that only runs the command."""
        append, intend = Journal.append, Journal.intend
        connect, read, write = DeadlineBackend.connect_tcp, DeadlineStream.read, DeadlineStream.write
        watch = self

        def watched_append(self: Journal, run: str, type: str, *args: Any, **more: Any) -> Any:
            return watch.around("record", type, lambda: append(self, run, type, *args, **more))

        def watched_intend(self: Journal, *args: Any, **more: Any) -> Any:
            return watch.around("record", "effect.intent", lambda: intend(self, *args, **more))

        def watched_connect(self: DeadlineBackend, *args: Any, **more: Any) -> Any:
            return watch.around("connect", "", lambda: connect(self, *args, **more))

        def watched_read(self: DeadlineStream, *args: Any, **more: Any) -> Any:
            return watch.around("read", "", lambda: read(self, *args, **more))

        def watched_write(self: DeadlineStream, buffer: bytes, *args: Any, **more: Any) -> Any:
            if not buffer:  # httpcore writes the end of a message without a body so: nothing happens
                return write(self, buffer, *args, **more)
            line = buffer.split(b"\r\n", 1)[0].decode("latin-1")
            return watch.around("write", line, lambda: write(self, buffer, *args, **more))

        wrapped: list[tuple[type, str, Any]] = [
            (Journal, "append", watched_append),
            (Journal, "intend", watched_intend),
            (DeadlineBackend, "connect_tcp", watched_connect),
            (DeadlineStream, "read", watched_read),
            (DeadlineStream, "write", watched_write),
        ]
        for owner, name, function in wrapped:
            setattr(owner, name, function)


@dataclass
class Child:
    """A command under way, with what one asks of a `Popen`; what it says goes to files."""

    pid: int
    out: Path
    err: Path
    trace: Path
    alive: int  # the reading end of a pipe whose other end it alone holds
    code: int | None = None

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        if self.code is None:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                os.close(self.alive)
                self.code = os.waitstatus_to_exitcode(status)
        return self.code

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def wait(self, seconds: float = LONGEST) -> int:
        """Its exit code. A child that hangs is killed and fails the test."""
        if self.code is not None:
            return self.code
        has_ended, _, _ = select.select([self.alive], [], [], seconds)
        if not has_ended:
            os.kill(self.pid, signal.SIGKILL)
        os.close(self.alive)
        _, status = os.waitpid(self.pid, 0)
        self.code = os.waitstatus_to_exitcode(status)
        assert has_ended, f"the command did not end within {seconds:g} s"
        return self.code

    def end(self) -> Done:
        """Wait for it, and tell what became of it."""
        result = Result(self.wait(), self.out.read_text(), self.err.read_text())
        return Done(result, [_step(line) for line in self.trace.read_text().splitlines()])


def run(
    args: tuple[str, ...],
    env: Mapping[str, str],
    folder: Path,
    kill: Point | None = None,
    number: int = signal.SIGKILL,
    before: Callable[[], None] | None = None,
) -> Done:
    """Run `runbook ARGS` in a child, and kill it at `kill` if it comes there. A child that hangs fails the test.

    With another `number` it gets that signal there instead. `before` is done in the child first.
    """
    return start(args, env, folder, kill, number, before=before).end()


def start(
    args: tuple[str, ...],
    env: Mapping[str, str],
    folder: Path,
    kill: Point | None = None,
    number: int = signal.SIGKILL,
    terminal: int | None = None,
    before: Callable[[], None] | None = None,
) -> Child:
    """Start `runbook ARGS` in a child, with its input and output on `terminal` where there is one."""
    own = Path(tempfile.mkdtemp(prefix="forked-", dir=folder))  # several may run at once
    files = [own / name for name in ("out", "err", "trace")]
    for file in files:
        file.touch()
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads: the child never needs them
        alive, its_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            _child(args, env, folder, files, kill, number, terminal, before)
        os.close(its_end)
    out, err, trace = files
    return Child(pid, out, err, trace, alive)


def _child(
    args: tuple[str, ...],
    env: Mapping[str, str],
    folder: Path,
    files: Sequence[Path],
    kill: Point | None,
    number: int,
    terminal: int | None,
    before: Callable[[], None] | None,
) -> NoReturn:
    code = 70
    gc.disable()  # looking through what it shares with its parent would copy all of it
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(env)
        random.seed()
        null = os.open(os.devnull, os.O_RDONLY)
        out, err, trace = (os.open(file, os.O_WRONLY) for file in files)
        streams = (null, out, err)
        if terminal is not None:
            os.setsid()
            fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
            streams = (terminal, terminal, terminal)
        for target, source in enumerate(streams):
            os.dup2(source, target)
        sys.stdin = open(0, closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", 1, encoding="utf-8", closefd=False)  # noqa: SIM115  (by the line, as Python's own)
        sys.argv = ["runbook", *args]
        _remember()
        _Watch(trace, kill, number).install()
        if before is not None:
            before()
        code = _main()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _main() -> int:
    try:
        cli.main()
    except SystemExit as exit:
        return exit.code if isinstance(exit.code, int) else 0 if exit.code is None else 1


def _step(line: str) -> Step:
    moment, kind, nth, since, about = line.split("\t", 4)
    return Step(Point(moment, kind, int(nth), int(since) if since else None), about)
