"""Steps and checks of one's own: where they come from, what is executed and when, and how each mistake is told."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from own_code import CHECK, CONTRACT_STEPS, REVIEW, STEP, install, registry, write

from engine.checks import REGISTRY as CHECKS
from engine.diagnostics import Diagnostic
from engine.extensions.trust import MOST_BYTES
from engine.library import Loaded, check
from engine.registry import Registry
from engine.steps import REGISTRY as STEPS

ONE_WAY = "name='a.x', title='x', effect=Effect.ONE_WAY, Params=StepParams, Fact=Fact"
NOISY = 'open("executed", "w").close()\n' + CHECK


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that the process stands in, whose packages are found first."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return tmp_path


def looked(folder: Path, own: Registry, text: str = REVIEW) -> Loaded:
    """A runbook held against this registry."""
    return check(write(folder, "runbooks/review.yaml", text), own)


def mkfifo(path: Path) -> Path:
    """A pipe that nobody writes to: whoever opens it to read waits for ever."""
    os.mkfifo(path)
    return path


def told(found: tuple[Diagnostic, ...] | list[Diagnostic]) -> list[str]:
    """Every finding about an extension, on one line, and the help on a line below."""
    lines = [
        (f"{one.path}:{one.span.line}: {one.code} {one.message}", one.help) for one in found if one.code[:2] == "EX"
    ]
    return [line for pair in lines for line in pair]


def mistakes(folder: Path, text: str, name: str = "acme.py") -> list[str]:
    """What is told of a file with this text, when a runbook needs it."""
    found = looked(folder, registry(folder, write(folder, name, text)))
    assert found.runbook is None
    return told(found.diagnostics)


def line_of(text: str, words: str) -> int:
    """The number of the first line that begins with these words, indented or not."""
    lines = text.lstrip("\n").splitlines()
    return next(at for at, line in enumerate(lines, 1) if line.strip().startswith(words))


# What there is, and when it is executed


def test_a_file_gives_its_check_to_every_runbook(folder: Path) -> None:
    own = registry(folder, write(folder, "acme.py", CHECK))
    assert looked(folder, own).diagnostics == ()
    assert own.checks["acme.within_limit"].title == "The total is small"
    assert [name for name in own.checks if name not in CHECKS] == ["acme.within_limit"]
    assert len(own.checks) == len(CHECKS) + 1
    assert list(own.steps) == list(STEPS)


def test_a_step_s_fact_is_known_to_what_comes_after_it(folder: Path) -> None:
    own = registry(folder, write(folder, "acme.py", CHECK), write(folder, "contracts.py", STEP))
    assert looked(folder, own, REVIEW + CONTRACT_STEPS).diagnostics == ()
    (wrong,) = looked(folder, own, REVIEW + CONTRACT_STEPS.replace("contract.ceiling", "contract.roof")).diagnostics
    assert (wrong.code, wrong.message) == ("RB019", "`contract` is a `Contract` and has no field `roof`")
    (wrong,) = looked(folder, own, REVIEW.replace("limit: 1000.00 EUR", "limit: much")).diagnostics
    assert (wrong.code, wrong.message) == ("RB011", "`limit` is no money")


def test_nothing_of_a_file_is_executed_before_a_runbook_needs_it(folder: Path) -> None:
    own = registry(folder, write(folder, "acme.py", NOISY))
    shipped = REVIEW.replace("acme.within_limit, with", "invoice_is_draft, with").replace(", limit: 1000.00 EUR", "")
    assert looked(folder, own, shipped).diagnostics == ()
    assert not (folder / "executed").exists()
    assert looked(folder, own).runbook is not None
    assert (folder / "executed").exists()


def test_a_package_gives_what_its_table_names_and_is_imported_for_it_alone(folder: Path) -> None:
    write(folder, "site/acme_own/__init__.py", "")
    write(folder, "site/acme_own/limits.py", CHECK)
    write(folder, "site/acme_own/broken.py", "raise RuntimeError('never asked for')")
    points = {"acme.within_limit": "acme_own.limits:CHECK", "acme.other": "acme_own.broken:CHECK"}
    install(folder / "site", "acme-own", {"runbook.checks": points})
    own = registry(folder)
    assert looked(folder, own).diagnostics == ()
    assert "acme_own.broken" not in sys.modules
    assert [name for name in own.checks if name not in CHECKS] == ["acme.within_limit"]


def test_the_run_s_record_names_the_code_that_judged(folder: Path) -> None:
    file = write(folder, "contracts.py", STEP)
    write(folder, "site/acme_limits.py", CHECK)
    install(folder / "site", "acme-limits", {"runbook.checks": {"acme.within_limit": "acme_limits:CHECK"}})
    own = registry(folder, file)
    runbook = looked(folder, own, REVIEW + CONTRACT_STEPS).runbook
    assert runbook is not None
    sums = [hashlib.sha256(text.lstrip("\n").encode()).hexdigest() for text in (STEP, CHECK)]
    assert own.code_behind(runbook) == [
        {
            "kind": "file",
            "name": "contracts.py",
            "version": None,
            "digest": f"sha256:{sums[0]}",
            "gives": ["acme.get_contract"],
        },
        {
            "kind": "package",
            "name": "acme-limits",
            "version": "1.2",
            "digest": f"sha256:{sums[1]}",
            "gives": ["acme.within_limit"],
        },
    ]


def test_the_digest_of_a_package_is_what_three_programs_say_of_its_folder(folder: Path) -> None:
    write(folder, "site/acme_digest/__init__.py", "")
    write(folder, "site/acme_digest/rules/limit.py", CHECK)
    write(folder, "site/acme_digest/rules.json", "{}")
    install(folder / "site", "acme-digest", {"runbook.checks": {"acme.within_limit": "acme_digest.rules.limit:CHECK"}})
    own = registry(folder)
    runbook = looked(folder, own).runbook
    assert runbook is not None
    (code,) = own.code_behind(runbook)
    by_hand = "find . -type f ! -name '*.pyc' | LC_ALL=C sort | xargs sha256sum | sha256sum"
    said = subprocess.run(
        by_hand, shell=True, cwd=folder / "site/acme_digest", capture_output=True, text=True, check=True
    )
    assert code["digest"] == f"sha256:{said.stdout.split()[0]}"


# Who may have code executed


def test_a_project_s_own_files_are_executed_only_where_the_person_trusts_it(folder: Path) -> None:
    write(folder, "acme.py", NOISY)
    write(folder, "pyproject.toml", '[tool.runbook]\nextensions = ["acme.py"]\n')
    found = looked(folder, registry(folder))
    assert found.runbook is None
    assert told(found.diagnostics) == [
        "pyproject.toml:2: EX001 this project names Python files to be executed (`acme.py`), and it is not trusted",
        f'read them; then add "{folder}" to `trusted_projects` in your user file, or to RUNBOOK_TRUSTED_PROJECTS',
    ]
    assert list(registry(folder).checks) == list(CHECKS)
    assert not (folder / "executed").exists()
    above = looked(folder, registry(folder, RUNBOOK_TRUSTED_PROJECTS=str(folder.parent)))
    assert above.runbook is None, "a folder above is another project"
    assert not (folder / "executed").exists()
    assert looked(folder, registry(folder, RUNBOOK_TRUSTED_PROJECTS=str(folder))).runbook is not None
    assert (folder / "executed").exists()


def test_the_user_file_may_trust_and_name_files_itself(folder: Path) -> None:
    write(folder, "acme.py", CHECK)
    write(folder, "pyproject.toml", '[tool.runbook]\nextensions = ["acme.py"]\n')
    write(folder, "home/.config/runbook/config.toml", f'trusted_projects = ["{folder}"]\n')
    assert looked(folder, registry(folder)).runbook is not None
    write(folder, "pyproject.toml", "")
    write(folder, "home/.config/runbook/config.toml", 'extensions = ["own.py"]\n')
    write(folder, "home/.config/runbook/own.py", CHECK)
    assert looked(folder, registry(folder)).runbook is not None


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda file: file.chmod(0o666), "others may write it (0666)"),
        (lambda file: file.parent.chmod(0o777), "others may write its folder {0}, and so replace it"),
        (lambda file: file.parent.parent.chmod(0o777), "everyone may write the folder {1} above it, and so replace it"),
        (lambda file: file.unlink(), "there is no such file"),
        (lambda file: (file.unlink(), file.mkdir()), "this is no file"),
        (lambda file: (file.unlink(), mkfifo(file)), "this is no file"),
        (lambda file: file.write_bytes(b"#" * (MOST_BYTES + 1)), f"it is larger than {MOST_BYTES} bytes"),
    ],
)
def test_a_file_that_others_could_have_written_is_not_executed(
    spoil: Callable[[Path], object], why: str, folder: Path
) -> None:
    file = write(folder, "deep/own/acme.py", NOISY)
    spoil(file)
    found = told(looked(folder, registry(folder, file)).diagnostics)
    assert found[0] == f"deep/own/acme.py:1: EX002 {why.format(file.parent, file.parent.parent)}"
    assert len(found) == 2
    assert not (folder / "executed").exists()


def test_a_folder_for_everybody_with_a_sticky_bit_is_as_good_as_one_s_own(folder: Path) -> None:
    file = write(folder, "everybody/acme.py", CHECK)
    file.parent.chmod(0o1777)
    assert looked(folder, registry(folder, file)).runbook is not None


# Mistakes while it is imported


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("import os\ndef f(:\n", 2, "this is not Python: invalid syntax"),
        ("x = 1\nimport no_such_module\n", 2, "it cannot be imported: ModuleNotFoundError: No module named 'no_such_module'"),
        ("def f():\n    return {}['x']\n\nf()\n", 2, "it cannot be imported: KeyError: 'x'"),
        ("import sys\nsys.exit(0)\n", 2, "it ends the program while it is imported"),
        ("x = 1\n\nprint('hello')\n", 3, "it prints while it is imported"),
        ("from engine.api import Chek\n", 1, "it cannot be imported: ImportError: cannot import name 'Chek' from 'engine.api'"),
        ("from engine.api import *\nReadStep()\n", 2, "it cannot be imported: TypeError: ReadStep.__init__() missing"),
        (f"from engine.api import *\nOneWayStep({ONE_WAY})\n", 2,
         "it cannot be imported: TypeError: OneWayStep.__init__() missing"),
    ],
)  # fmt: skip
def test_what_fails_at_import_is_told_at_its_line(text: str, line: int, message: str, folder: Path) -> None:
    first, help = mistakes(folder, text)
    assert first.startswith(f"acme.py:{line}: EX003 {message}"), first
    assert help


def test_a_link_to_itself_is_a_file_that_cannot_be_read(folder: Path) -> None:
    (folder / "circle.py").symlink_to("circle.py")
    found = told(looked(folder, registry(folder, folder / "circle.py")).diagnostics)
    assert "Too many levels of symbolic links" in "\n".join(found)


def test_two_files_cannot_lean_on_each_other(folder: Path) -> None:
    write(folder, "shared_limits.py", "LIMIT = 1")
    _, help = mistakes(folder, "import shared_limits\n")
    assert "a file cannot import another file beside it: make them a package" in help


def test_what_fails_in_a_package_is_told_at_its_own_line(folder: Path) -> None:
    write(folder, "site/acme_fails/__init__.py", "from acme_fails.inner import X\n")
    inner = write(folder, "site/acme_fails/inner.py", "# One\n# Two\nX = 1 / 0\n")
    install(folder / "site", "acme-fails", {"runbook.checks": {"acme.within_limit": "acme_fails:CHECK"}})
    found = told(looked(folder, registry(folder)).diagnostics)
    assert found[0] == (
        f"{inner.relative_to(folder)}:3: EX003 it cannot be imported (`acme.within_limit` of acme-fails 1.2): "
        "ZeroDivisionError: division by zero"
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            "acme_missing:CHECK",
            "EX003 it cannot be imported (`acme.within_limit` of acme-table 1.2): ModuleNotFoundError",
        ),
        ("acme_table:CHEK", "EX004 `acme_table` has no `CHEK`, which `acme.within_limit` of acme-table 1.2 names"),
        ("acme_table", "EX004 `acme_table` of acme-table 1.2 names a module alone"),
        ("acme_table:judge", "EX004 `acme.within_limit`: this is no check but of type `function`"),
    ],
)
def test_a_package_s_table_that_leads_nowhere_is_told_at_its_line(value: str, message: str, folder: Path) -> None:
    write(folder, "site/acme_table.py", CHECK)
    install(folder / "site", "acme-table", {"runbook.checks": {"acme.other": "x:Y", "acme.within_limit": value}})
    found = told(looked(folder, registry(folder)).diagnostics)
    assert message in found[0]
    if "judge" not in value:
        assert found[0].startswith("site/acme_table-1.2.dist-info/entry_points.txt:3: ")


# Names


def test_nobody_takes_the_place_of_what_comes_with_runbook(folder: Path) -> None:
    assert mistakes(folder, CHECK.replace("acme.within_limit", "invoice_is_draft")) == [
        f"acme.py:{line_of(CHECK, 'CHECKS')}: EX005 `invoice_is_draft` of acme.py is a check that comes with runbook",
        "call it by a name of your own, as `acme.invoice_is_draft`",
    ]
    assert mistakes(folder, STEP.replace("acme.get_contract", "lago.get_contract")) == [
        f"acme.py:{line_of(STEP, 'STEPS')}: EX004 `lago.get_contract`: names that begin with `lago`, `billing` or `runbook` "
        "belong to runbook",
        "begin with a name of your own",
    ]
    assert mistakes(folder, STEP.replace("acme.get_contract", "get_contract")) == [
        f"acme.py:{line_of(STEP, 'STEPS')}: EX004 `get_contract`: a step's name says whose it is",
        "put your own before it, as `acme.get_contract`",
    ]


def test_a_name_that_two_give_is_told_with_both(folder: Path) -> None:
    files = [write(folder, f"{name}/acme.py", CHECK) for name in ("a", "b")]
    files.append(write(folder, "c.py", CHECK))
    write(folder, "site/acme_twice.py", CHECK)
    install(folder / "site", "acme-twice", {"runbook.checks": {"acme.within_limit": "acme_twice:CHECK"}})
    found = told(looked(folder, registry(folder, *files)).diagnostics)
    assert found[0::2] == [
        f"b/acme.py:{line_of(CHECK, 'CHECKS')}: EX005 the check `acme.within_limit` is given twice, by acme.py and by acme.py",
        f"c.py:{line_of(CHECK, 'CHECKS')}: EX005 the check `acme.within_limit` is given twice, by acme.py and by c.py",
        "site/acme_twice-1.2.dist-info/entry_points.txt:2: EX005 the check `acme.within_limit` is given twice, by acme.py "
        "and by acme-twice 1.2",
    ]


def test_one_file_that_is_named_twice_is_one(folder: Path) -> None:
    file = write(folder, "acme.py", CHECK)
    (folder / "link.py").symlink_to(file)
    assert looked(folder, registry(folder, file, folder / "link.py")).runbook is not None


# What is offered


@pytest.mark.parametrize(
    ("old", "new", "at", "message"),
    [
        ('CHECKS = {"acme.within_limit": CHECK}', "", "from engine.api", "this file offers nothing"),
        ('CHECKS = {"acme.within_limit": CHECK}', "CHECKS = [CHECK]", "CHECKS =", "`CHECKS` is no dict by names"),
        ('": CHECK}', '": judge}', "CHECKS =", "`acme.within_limit`: this is no check but of type `function`"),
        ('": CHECK}', '": Check}', "CHECKS =", "`acme.within_limit`: this is no check but the class `Check`"),
        ('{"acme.within_limit', '{"acme.other', "CHECKS =", "`acme.other`: it calls itself `acme.within_limit`"),
        ('title="The total is small"', 'title=" "', "CHECKS =", "`acme.within_limit`: it has no title"),
        ("Params=TotalWithinLimit", "Params=Invoice", "CHECKS =", "`acme.within_limit`: its parameters are"),
        (' = Field(description="the most that it may come to")', "", "limit:",
         "`acme.within_limit`: the parameter `limit` says nothing of itself"),
        ("limit: Money", "limit: float", "limit:", "`acme.within_limit`: the parameter `limit` is a float, which holds"),
        ("limit: Money", "limit: list[float]", "limit:", "`acme.within_limit`: the parameter `limit` is a float, which"),
        ("limit: Money", "limit: Here", "limit:", "`acme.within_limit`: the parameter `limit` is `Here`"),
        ("limit: Money", "limit: dict", "limit:", "`acme.within_limit`: the parameter `limit` is a `dict` of anything"),
        ("limit: Money", "limit: object", "limit:", "`acme.within_limit`: the parameter `limit` is `object`"),
        ("limit: Money", "limit: 'Unheard'", "class TotalWithinLimit",
         "`acme.within_limit`: the types of `TotalWithinLimit` are not known"),
        ("def judge(params: TotalWithinLimit, here: Here)", "def judge(params: TotalWithinLimit)", "def judge",
         "`acme.within_limit`: `judge` cannot be called with two values"),
        ("def judge", "async def judge", "async def judge", "`acme.within_limit`: `judge` does not answer but begins"),
        ("judge=judge", "judge='judge'", "CHECKS =", "`acme.within_limit`: `judge` is of type `str`"),
    ],
)  # fmt: skip
def test_a_check_that_is_not_whole_is_told_at_its_line(old: str, new: str, at: str, message: str, folder: Path) -> None:
    assert old in CHECK
    text = CHECK.replace(old, new)
    first, help = mistakes(folder, text)
    assert first.startswith(f"acme.py:{line_of(text, at)}: EX004 {message}"), first
    assert help


@pytest.mark.parametrize(
    ("old", "new", "at", "message"),
    [
        ("effect=Effect.READ", "effect=Effect.WRITE", "STEPS =", "a `ReadStep` with the effect `write` is none"),
        ("Fact=Contract", "Fact=Params", "STEPS =", "what it learns is the class `Params`, no `Fact`"),
        ('("number", "ceiling")', "()", "class Contract", "`Contract` shows nothing in clear"),
        ('("number", "ceiling")', '("number", "ceiling", "roof")', "class Contract",
         "`CLEAR` of `Contract` names `roof`, which is no field of it"),
        ('("number", "ceiling")', '("ceiling",)', "number: str", "`number` of `Contract` is needed and not in clear"),
        ("ceiling: Money", "ceiling: float", "ceiling: float", "`ceiling` of `Contract` is a float, which holds no amount"),
        ("Params=Params", "Params=Fact", "STEPS =", "its parameters are the class `Fact`, no `StepParams`"),
        ("def read(params: Params, world: World)", "def read()", "def read", "`read` cannot be called with two values"),
    ],
)  # fmt: skip
def test_a_step_that_is_not_whole_is_told_at_its_line(old: str, new: str, at: str, message: str, folder: Path) -> None:
    assert old in STEP
    text = STEP.replace(old, new)
    own = registry(folder, write(folder, "limit.py", CHECK), write(folder, "acme.py", text))
    found = told(looked(folder, own, REVIEW + CONTRACT_STEPS).diagnostics)
    assert found[0].startswith(f"acme.py:{line_of(text, at)}: EX004 `acme.get_contract`: {message}"), found
    assert found[1]


def test_personal_data_cannot_be_put_in_clear(folder: Path) -> None:
    text = STEP.replace('"number", ', '"number", "email", ').replace(
        "    number: str\n", "    number: str\n    email: str = ''\n"
    )
    assert mistakes(folder, text)[0] == (
        "acme.py:10: EX004 `acme.get_contract`: `email` of `Contract` must not stand in the journal"
    )


def test_everything_that_is_wrong_is_told_at_once(folder: Path) -> None:
    spoilt = CHECK.replace("limit: Money", "limit: float").replace('title="The total is small"', 'title=""')
    files = [write(folder, "a.py", spoilt), write(folder, "b.py", "1/0\n"), write(folder, "c.py", "x = 1\n")]
    found = told(looked(folder, registry(folder, *files)).diagnostics)
    lines = [f"a.py:{line_of(CHECK, words)}" for words in ("CHECKS", "limit:")]
    assert [line.partition(": ")[0] for line in found[0::2]] == [*lines, "b.py:1", "c.py:1"]


# The whole of it


def test_config_says_what_is_loaded_and_what_is_not(folder: Path) -> None:
    good, bad = write(folder, "acme.py", CHECK), write(folder, "bad.py", "x = \n")
    write(folder, "site/acme_told.py", STEP)
    install(folder / "site", "acme-told", {"runbook.steps": {"acme.get_contract": "acme_told:STEP"}})
    said, wrong = registry(folder, good, bad).own_code()
    digest = hashlib.sha256(CHECK.lstrip("\n").encode()).hexdigest()
    assert said[0] == f"the file acme.py gives acme.within_limit ({good}, sha256:{digest})"
    assert said[1].startswith("the package acme-told 1.2 gives acme.get_contract (")
    assert [one.message for one in wrong] == ["bad.py:1: this is not Python: invalid syntax"]


def test_looking_at_a_runbook_with_own_code_imports_nothing_that_is_slow(folder: Path) -> None:
    from test_startup import imported_by, slow_ones

    write(folder, "runbooks/review.yaml", REVIEW)
    file = write(folder, "acme.py", CHECK)
    program = (
        "import os, sys\n"
        f"os.environ['RUNBOOK_EXTENSIONS'] = {str(file)!r}\n"
        "sys.argv = ['runbook', 'validate']\n"
        "from cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
    )
    modules = imported_by(program, folder)
    assert "engine.extensions.executing" in modules
    assert slow_ones(modules) == []
