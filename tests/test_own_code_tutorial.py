"""The tutorial of `docs/own-steps-and-checks.md`, done as it says: files written, commands run, outputs compared."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from own_code import install
from source_tree import ROOT

PAGE = (ROOT / "docs" / "own-steps-and-checks.md").read_text("utf-8")
TUTORIAL = PAGE.partition("## Ten minutes\n")[2].partition("\n## ")[0]
BLOCK = re.compile(
    r"(?P<before>(?:^[^\n`][^\n]*\n|^`[^`\n][^\n]*\n)*)\n?^```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
PROGRAM = "from cli import main; main()"


@dataclass(frozen=True)
class Block:
    """One block of the tutorial, and the file that the sentence before it says to write."""

    language: str
    text: str
    file: str = ""


def blocks() -> list[Block]:
    """Every block in order. Of the backticked names right before a file's text the last one that has an ending is its name."""
    found = []
    for match in BLOCK.finditer(TUTORIAL):
        names = re.findall(r"`([\w./-]+\.(?:py|yaml|json|toml))`", match["before"] or "")
        is_file = match["language"] in ("python", "yaml", "json", "toml")
        found.append(Block(match["language"], match["text"], names[-1] if is_file and names else ""))
    return found


@dataclass
class Reader:
    """Somebody who does what the page says, in a folder and a shell of their own."""

    folder: Path
    env: dict[str, str]
    exported: list[str] = field(default_factory=list)

    def write(self, block: Block) -> None:
        path = self.folder / block.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, "utf-8")

    def types(self, block: Block) -> str:
        """What the commands of a block show, on the terminal: both streams. `pip install` is done as pip leaves it."""
        lines = block.text.splitlines()
        for line in lines:
            if line.startswith("pip install "):
                self._install(self.folder / shlex.split(line)[2])
        script = [*self.exported, *(line for line in lines if not line.startswith("pip install "))]
        done = subprocess.run(
            ["bash", "-c", "\n".join(script)],
            env=self.env,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=120,
            check=False,
        )
        self.exported += [line for line in lines if line.startswith(("export ", "unset "))]
        return done.stdout

    def _install(self, project: Path) -> None:
        told = tomllib.loads((project / "pyproject.toml").read_text())["project"]
        install(project, told["name"], told["entry-points"], told["version"])
        self.env["PYTHONPATH"] += f":{project}"


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """A reader with an empty folder, and with a sandbox in another terminal, whose variables they exported."""
    command = tmp_path / "bin" / "runbook"
    command.parent.mkdir()
    # On a terminal the output is for a person; here it must be asked for.
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c "{PROGRAM}" --format human "$@"\n')
    command.chmod(0o755)
    env = {
        "PATH": f"{command.parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(ROOT),
        "PYTHONSAFEPATH": "1",
    }
    folder = tmp_path / "billing"
    folder.mkdir()
    sandbox = subprocess.Popen([str(command), "sandbox"], env=env, stdout=subprocess.PIPE, text=True, cwd=folder)
    assert sandbox.stdout is not None
    try:
        for line in sandbox.stdout:
            if line.strip().startswith("export "):
                name, _, value = line.strip().removeprefix("export ").partition("=")
                env[name] = value
            elif "RUNBOOK_ENVIRONMENT" in env:
                break
            if "RUNBOOK_ENVIRONMENT" in env:
                break
        yield Reader(folder, env)
    finally:
        sandbox.terminate()
        sandbox.wait(10)


def still(text: str) -> str:
    """The text without what differs from day to day: ports, runs, times that were taken."""
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)
    text = re.sub(r"\b1N[0-9A-Z]{10}\b", "RUN", text)
    text = re.sub(r"\d+\.\d+s\b", "0.0s", text)
    text = re.sub(r"\S*/billing/", "", text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def test_the_tutorial_is_so(reader: Reader) -> None:
    began, shown, compared = time.monotonic(), "", 0
    for block in blocks():
        if block.language == "sh":
            shown = reader.types(block)
        elif block.language == "text":
            assert still(shown) == still(block.text)
            compared += 1
        else:
            assert block.file, f"no file is named before:\n{block.text}"
            reader.write(block)
    assert compared >= 6
    assert time.monotonic() - began < 600, "it takes more than ten minutes"


def test_the_page_shows_no_output_that_it_does_not_have() -> None:
    kinds = [block.language for block in blocks()]
    assert all(kinds[at - 1] == "sh" for at, kind in enumerate(kinds) if kind == "text")
    assert set(kinds) == {"python", "yaml", "json", "toml", "sh", "text"}
