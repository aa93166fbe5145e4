"""OPA's executable, run once for one question: no shell, none of our secrets, an end in time. Floor 2.

It is run over a private copy of the very bytes that were read and digested, in a folder of its own, so that no file can
be another when OPA reads it. Of the environment it gets what a program needs to run at all; OPA hands that to Rego
(`opa.runtime()`), and a key to Lago has no business there.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.http.answers import MOST_BYTES
from engine.opa.answers import Answered, Question, Rego, evaluated, short
from engine.plain import dataclass

PASSED_ON = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")
_AT_ONCE = 65_536


@dataclass(frozen=True, slots=True)
class Executable:
    """The program, by its whole path, and the environment that what is passed on is taken from."""

    path: Path
    env: Mapping[str, str]

    def ask(self, question: Question, facts: bytes) -> Answered:
        """`opa eval` over the files of the question, with the facts on its standard input. Raises nothing of its own."""
        by, rego = str(self.path), question.rego
        try:
            with TemporaryDirectory(prefix="runbook-opa-") as folder:
                _lay(rego, Path(folder))
                ended = self._run(question, facts, rego.loads, Path(folder))
        except OSError as error:
            return Answered(by, why=f"it cannot be run: {error.strerror or error}")
        if ended.why:
            return Answered(by, why=ended.why)
        document, why = evaluated(ended.out)
        if ended.code:
            said = why if ended.out.strip() else short(ended.err.decode("utf-8", "replace"))
            how = f"it ended with {ended.code}" if ended.code > 0 else f"it was ended by signal {-ended.code}"
            return Answered(by, why=how + (f": {said}" if said else ""))
        return Answered(by, document, why)

    def _run(self, question: Question, facts: bytes, loads: Sequence[str], folder: Path) -> _Ended:
        options = ["--strict-builtin-errors", "--format", "json", "--stdin-input"]
        data = [word for path in loads for word in ("--data", path)]
        process = subprocess.Popen(
            [str(self.path), "eval", *options, *data, f"data.{question.package}"],
            cwd=folder,
            env={name: self.env[name] for name in PASSED_ON if name in self.env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        with process:
            try:
                return _attend(process, facts, question.seconds)
            finally:
                if process.returncode is None:
                    with suppress(ProcessLookupError, PermissionError):
                        os.killpg(process.pid, signal.SIGKILL)  # and whatever it has started


@dataclass(frozen=True, slots=True)
class _Ended:
    """How it ended: its exit code and what it wrote; or why it was ended."""

    code: int = 0
    out: bytes = b""
    err: bytes = b""
    why: str = ""


def _lay(rego: Rego, folder: Path) -> None:
    for name, content in rego.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _attend(process: subprocess.Popen[bytes], facts: bytes, seconds: float) -> _Ended:
    """Feed it and listen to it, until it ends, is late or says too much."""
    ends = time.monotonic() + seconds
    late = _Ended(why=f"no answer in {seconds:g} s")
    stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
    assert stdin is not None and stdout is not None and stderr is not None  # noqa: PT018
    out, err, left = bytearray(), bytearray(), memoryview(facts)
    with selectors.DefaultSelector() as waiting:
        os.set_blocking(stdin.fileno(), False)
        waiting.register(stdin, selectors.EVENT_WRITE)
        waiting.register(stdout, selectors.EVENT_READ, out)
        waiting.register(stderr, selectors.EVENT_READ, err)
        while waiting.get_map():
            ready = waiting.select(max(0.0, ends - time.monotonic()))
            if time.monotonic() >= ends:
                return late
            for key, _ in ready:
                if key.fileobj is stdin:
                    left = _feed(key.fd, left)
                    done = not left
                else:
                    piece = os.read(key.fd, _AT_ONCE)
                    key.data.extend(piece)
                    done = not piece
                if done:
                    waiting.unregister(key.fileobj)
                    if key.fileobj is stdin:
                        stdin.close()
            if len(out) > MOST_BYTES or len(err) > MOST_BYTES:
                return _Ended(why=f"it prints more than {MOST_BYTES // 1024 // 1024} MiB")
    try:
        return _Ended(process.wait(max(0.0, ends - time.monotonic())), bytes(out), bytes(err))
    except subprocess.TimeoutExpired:
        return late


def _feed(fd: int, left: memoryview) -> memoryview:
    """Write as much as it takes now, and answer what is left; nothing when it takes no more at all."""
    try:
        return left[os.write(fd, left[:_AT_ONCE]) :]
    except BlockingIOError:
        return left
    except BrokenPipeError:  # who does not read the facts may still answer
        return left[:0]
