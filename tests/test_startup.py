"""Start-up: what only reads files imports neither the HTTP client, nor structlog, nor the journal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SLOW = ("httpx", "structlog", "engine.journal", "apsw", "keyring", "rich")
ROOT = Path(__file__).parent.parent


def imported_by(program: str, folder: Path) -> set[str]:
    """The names of all modules that a fresh interpreter has loaded after `program`."""
    tail = "\nimport json, sys\nsys.stderr.write(json.dumps(sorted(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", program + tail],
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"},
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stderr.splitlines()[-1]))


def slow_ones(modules: set[str]) -> list[str]:
    return sorted(name for name in modules if name in SLOW or name.startswith("engine.journal."))


@pytest.mark.parametrize(
    "module",
    [
        "engine.settings",
        "engine.config.telling",
        "engine.operators",
        "engine.terminal",
        "engine.steps",
        "engine.checks",
    ],
)
def test_a_room_that_every_command_enters_is_quick(module: str, tmp_path: Path) -> None:
    modules = imported_by(f"import {module}", tmp_path)
    assert module in modules
    assert slow_ones(modules) == []


COMMANDS = [
    ["--help"],
    ["--version"],
    ["list"],
    ["show", "finalize_invoice"],
    ["validate"],
    ["validate", "--format", "github", "--junit", "report.xml"],
    ["schema"],
    ["explain"],
    ["explain", "RB012", "RT005", "13", "sync_is_fresh", "lago.finalize_invoice"],
    ["docs", "finalize_invoice"],
    ["docs", "-o", "pages"],
    ["run", "--help"],
    ["run", "finalize_invoice", "--help"],
]


# Each in a child of a process that has imported `cli` and nothing more, as every command does first.
EACH = """
import json, os, sys
from cli import main
for number, words in enumerate(json.loads({commands!r})):
    child = os.fork()
    if not child:
        sys.argv = ["runbook", *words]
        try:
            main()
        except SystemExit as end:
            with open(f"{{number}}.json", "w") as told:
                json.dump([end.code or 0, sorted(sys.modules)], told)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
"""


def test_a_command_that_only_reads_files_is_quick(tmp_path: Path) -> None:
    imported_by(EACH.format(commands=json.dumps(COMMANDS)), tmp_path)
    found = [json.loads((tmp_path / f"{number}.json").read_text()) for number in range(len(COMMANDS))]
    ended = {
        " ".join(words): (code, slow_ones(set(names))) for words, (code, names) in zip(COMMANDS, found, strict=True)
    }
    assert ended == {" ".join(words): (0, []) for words in COMMANDS}
    assert all("click" in names for _, names in found)
    looking = [words for words, (_, names) in zip(COMMANDS, found, strict=True) if "engine.extensions.loading" in names]
    assert [words for words in looking if words[0] in ("list", "show", "validate", "run")] == []


def test_what_an_exit_code_means_needs_neither_steps_nor_checks(tmp_path: Path) -> None:
    program = (
        "import sys\nsys.argv = ['runbook', 'explain', '13']\nfrom cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
    )
    modules = imported_by(program, tmp_path)
    assert "engine.explain.exits" in modules
    assert {"pydantic", "engine.steps", "engine.checks", "engine.validation"} & modules == set()


def test_completion_knows_the_runbooks_and_is_quick(tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "os.environ.update(_RUNBOOK_COMPLETE='bash_complete', COMP_WORDS='runbook run fin', COMP_CWORD='2')\n"
        "sys.argv = ['runbook']\n"
        "from cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
    )
    modules = imported_by(program, tmp_path)
    assert slow_ones(modules) == []


def started(folder: Path, cli: str) -> tuple[int, str, str]:
    """How a process ends whose `cli.py` is this: its exit code and what it said."""
    (folder / "cli.py").write_text(cli)
    program = "import sys\nsys.argv = ['runbook', 'list']\nfrom engine.start import main\nmain()\n"
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": f"{folder}:{ROOT}"}
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=folder, env=env, check=False
    )
    return run.returncode, run.stdout, run.stderr


def test_a_process_that_ends_at_once_has_said_all_and_called_whom_it_had_to(tmp_path: Path) -> None:
    ends = (
        "import atexit, sys\n"
        "def main():\n"
        "    atexit.register(lambda: print('called'))\n"
        "    print('said')\n"
        "    sys.stderr.write('told')\n"
        "    sys.exit(14)\n"
    )
    assert started(tmp_path, ends) == (14, "said\ncalled\n", "told")


def test_ctrl_c_while_the_program_is_being_loaded_ends_it_with_130_and_no_word(tmp_path: Path) -> None:
    assert started(tmp_path, "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n") == (130, "", "")


def test_the_test_would_notice() -> None:
    assert slow_ones(imported_by("import httpx, engine.http.wire", ROOT)) == ["httpx"]
