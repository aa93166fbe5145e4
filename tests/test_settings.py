"""Settings: which value wins, where it came from, what is refused, and that no key goes where it should not."""

from __future__ import annotations

import grp
import os
import pickle
import pwd
import sys
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine import settings
from engine.clock import Clock, HeldClock
from engine.config import telling
from engine.config.files import Layer, Origin
from engine.config.table import BY_NAME, KEYS, OWN, TABLE
from engine.errors import Exit, SettingsFault
from engine.settings import ConsoleTarget, OpaTarget, Settings, SettingsInvalid
from engine.values import Secret

URL = "https://billing.example.com/api/v1"
KEY = "4f1c-not-a-real-key"
CONSOLE = "https://console.example.com"


@dataclass
class Desk:
    """A person's desk: a home, a project, a user file; `load` reads the settings as a command would."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)
    flags: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def cwd(self) -> Path:
        return self.root / "project" / "deep"

    @property
    def project(self) -> Path:
        return self.root / "project" / "pyproject.toml"

    @property
    def user(self) -> Path:
        return self.home / ".config" / "runbook" / "config.toml"

    def in_project(self, text: str) -> Desk:
        """Lines below `[tool.runbook]`."""
        self.project.write_text(f'[project]\nname = "x"\n\n[tool.runbook]\n{text}\n')
        return self

    def in_user_file(self, text: str) -> Desk:
        self.user.write_text(f"{text}\n")
        return self

    def in_environment(self, **env: str) -> Desk:
        self.env.update(env)
        return self

    def load(self) -> Settings:
        return settings.load(self.flags, self.env, self.cwd, self.home)

    def faults(self) -> tuple[str, ...]:
        """What is wrong, with the desk's own folder left out of it."""
        with pytest.raises(SettingsInvalid) as caught:
            self.load()
        assert caught.value.exit is Exit.INVALID
        return tuple(fault.replace(f"{self.root}/", "") for fault in caught.value.faults)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """An empty desk, and no keyring."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    one = Desk(tmp_path)
    one.cwd.mkdir(parents=True)
    one.user.parent.mkdir(parents=True)
    return one


def keyring_with(monkeypatch: pytest.MonkeyPatch, held: Mapping[tuple[str, str], str]) -> None:
    """Install a keyring that holds these passwords by service and user."""
    fake = types.ModuleType("keyring")
    fake.get_password = lambda service, user: held.get((service, user))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", fake)


def refused(desk: Desk) -> SettingsFault:
    """The refusal of a Lago that cannot be used."""
    with pytest.raises(SettingsFault) as caught:
        desk.load().need_lago()
    assert caught.value.exit is Exit.INVALID
    assert KEY not in caught.value.message
    return caught.value


# Which value wins


def test_defaults_need_nothing_at_all(desk: Desk) -> None:
    found = desk.load()
    assert {name: value.value for name, value in found.values.items()} == {
        "lago_api_url": None,
        "lago_api_key_file": None,
        "billing_console_url": None,
        "billing_console_token_file": None,
        "billing_console_cookie_file": None,
        "billing_sync_file": None,
        "operators": desk.home / ".config/runbook/operators.yaml",
        "journal": desk.home / ".local/state/runbook/journal.db",
        "path": (desk.cwd / "runbooks", settings.SHIPPED),
        "policies": (desk.cwd / "policies", settings.SHIPPED.with_name("policies")),
        "extensions": None,
        "trusted_projects": None,
        "opa": None,
        "opa_url": None,
        "opa_token_file": None,
        "environment": "",
        "clock": None,
        "finalize_timeout": 90.0,
        "settle_window": 120.0,
        "settle_min_reads": 3,
        "pending_deadline": 120.0,
        "taxes_deadline": 120.0,
        "poll_interval": 2.0,
    }
    assert {value.origin for value in found.values.values()} == {Origin(Layer.DEFAULT, "default")}
    assert found.warnings == ()
    assert found.problems() == ()


def test_the_shipped_runbooks_are_where_the_default_says() -> None:
    assert settings.SHIPPED.is_dir()


def test_xdg_folders_are_used_and_relative_ones_ignored(desk: Desk) -> None:
    desk.in_environment(XDG_CONFIG_HOME="/etc/xdg", XDG_STATE_HOME="state")
    found = desk.load()
    assert found.operators == Path("/etc/xdg/runbook/operators.yaml")
    assert found.journal == desk.home / ".local/state/runbook/journal.db"


def test_the_higher_layer_wins_and_says_where_it_is(desk: Desk) -> None:
    layers: dict[str, Callable[[], object]] = {
        "user": lambda: desk.in_user_file("poll_interval = 1"),
        "project": lambda: desk.in_project("poll_interval = 3"),
        "environment": lambda: desk.in_environment(RUNBOOK_POLL_INTERVAL="4"),
        "flag": lambda: desk.flags.update(poll_interval="5"),
    }
    seen = []
    for add in layers.values():
        add()
        one = desk.load().values["poll_interval"]
        seen.append((one.value, one.origin.layer, one.origin.name.replace(f"{desk.root}/", "")))
    assert seen == [
        (1.0, Layer.USER, "home/.config/runbook/config.toml:1"),
        (3.0, Layer.PROJECT, "project/pyproject.toml:5"),
        (4.0, Layer.ENVIRONMENT, "RUNBOOK_POLL_INTERVAL"),
        (5.0, Layer.FLAG, "--poll-interval"),
    ]


def test_an_empty_variable_counts_as_not_set(desk: Desk) -> None:
    desk.in_project("poll_interval = 3").in_environment(RUNBOOK_POLL_INTERVAL="", LAGO_API_URL=" ")
    found = desk.load()
    assert (found.poll_interval, found.lago_url) == (3.0, None)


def test_only_the_nearest_project_counts(desk: Desk) -> None:
    desk.in_project("poll_interval = 3")
    (desk.cwd / "pyproject.toml").write_text('[project]\nname = "nested"\n')
    assert desk.load().poll_interval == 2.0


def test_relative_paths_are_relative_to_the_file_that_names_them(desk: Desk) -> None:
    desk.in_project('journal = "j.db"').in_user_file('operators = "~/ops.yaml"').in_environment(
        BILLING_SYNC_FILE="sync.json", RUNBOOK_PATH="mine::/srv/runbooks:mine"
    )
    found = desk.load()
    assert found.journal == desk.root / "project/j.db"
    assert found.operators == desk.home / "ops.yaml"
    assert found.console() == desk.cwd / "sync.json"
    assert found.path == (desk.cwd / "mine", Path("/srv/runbooks"))


def test_folders_of_runbooks_may_be_a_list_in_a_file(desk: Desk) -> None:
    desk.in_project('path = ["a", "/b"]')
    assert desk.load().path == (desk.root / "project/a", Path("/b"))


@pytest.mark.parametrize("key", ["poll_interval", "poll-interval", "RUNBOOK_POLL_INTERVAL", "runbook-poll-interval"])
def test_a_key_in_a_file_may_be_spelled_like_its_variable(desk: Desk, key: str) -> None:
    assert desk.in_project(f"{key} = 0.25").load().poll_interval == 0.25


def test_the_environment_is_the_hosts_name_unless_it_is_set(desk: Desk) -> None:
    desk.in_environment(LAGO_API_URL=URL)
    assert (desk.load().environment, desk.load().is_production) == ("billing.example.com", False)
    desk.in_environment(RUNBOOK_ENVIRONMENT="Production")
    assert (desk.load().environment, desk.load().is_production) == ("Production", True)


# Numbers, labels, moments


@pytest.mark.parametrize(
    "text",
    ["-1", "nan", "inf", "-0", "1e3", "90s", "0x10", "1_000", "٣", "86400.1", "999999999", "1.", "+5", "1,5", "9" * 99],
)
@pytest.mark.parametrize("name", ["finalize_timeout", "poll_interval", "settle_window"])
def test_what_is_no_number_of_seconds_is_refused_by_its_name(desk: Desk, name: str, text: str) -> None:
    variable = BY_NAME[name].env
    least = "more than 0" if name == "finalize_timeout" else "0"
    wanted = f"a number of seconds is needed, {least} to 86400, as `90` or `0.5`"
    assert desk.in_environment(**{variable: text}).faults() == (f"{variable}: {wanted}",)


@pytest.mark.parametrize(
    ("text", "expected"), [("0", 0.0), ("0.05", 0.05), (".5", 0.5), (" 7 ", 7.0), ("86400", 86400)]
)
def test_seconds_may_have_a_fraction_and_may_be_none(desk: Desk, text: str, expected: float) -> None:
    desk.in_environment(
        RUNBOOK_POLL_INTERVAL=text,
        RUNBOOK_SETTLE_WINDOW=text,
        RUNBOOK_PENDING_DEADLINE=text,
        RUNBOOK_TAXES_DEADLINE=text,
    )
    found = desk.load()
    assert {found.poll_interval, found.settle_window, found.pending_deadline, found.taxes_deadline} == {expected}


def test_no_time_at_all_for_an_answer_is_refused(desk: Desk) -> None:
    assert "more than 0" in desk.in_environment(RUNBOOK_FINALIZE_TIMEOUT="0.0").faults()[0]


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "three", "1001"])
def test_the_least_number_of_reads_is_a_whole_one(desk: Desk, text: str) -> None:
    faults = desk.in_environment(RUNBOOK_SETTLE_MIN_READS=text).faults()
    assert faults == ("RUNBOOK_SETTLE_MIN_READS: a whole number is needed, 1 to 1000",)


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "1e99999999999999999999999", "1e3", "true", "[1]", "{}"])
def test_numbers_of_a_file_are_judged_alike(desk: Desk, value: str) -> None:
    fault = desk.in_project(f"poll_interval = {value}").faults()
    assert len(fault) == 1
    assert fault[0].startswith("project/pyproject.toml:5: `poll_interval`")


@given(st.text(max_size=12))
@example("0.05")
@example("1e1")
def test_whatever_stands_for_seconds_is_read_exactly_or_refused(text: str) -> None:
    read, place = BY_NAME["poll_interval"].read, None
    try:
        seconds = read(text, place)  # type: ignore[arg-type]
    except ValueError:
        return
    assert 0 <= seconds <= 86400
    assert seconds == float(text)


@pytest.mark.parametrize("text", ["a\x1b[31mb", "x" * 65, "two\nlines", "bidi\u202eoverride"])
def test_a_label_that_could_play_tricks_on_a_screen_is_refused(desk: Desk, text: str) -> None:
    assert desk.in_environment(RUNBOOK_ENVIRONMENT=text).faults() == (
        "RUNBOOK_ENVIRONMENT: a label of at most 64 printable characters is needed, as `production`",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23T12:00:00Z", datetime(2026, 11, 23, 12, tzinfo=UTC)),
        ("2026-11-23t12:00:00z", datetime(2026, 11, 23, 12, tzinfo=UTC)),
        ("2026-11-23 12:00:00.25+09:00", datetime(2026, 11, 23, 3, 0, 0, 250000, tzinfo=UTC)),
        ("2026-11-23T12:00:00.123456789Z", datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)),
    ],
)
def test_a_held_clock_is_a_moment_with_its_offset(desk: Desk, text: str, expected: datetime) -> None:
    assert desk.in_environment(RUNBOOK_CLOCK=text).load().clock == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23",
        "2026-11-23T12:00:00",
        "2026-11-23T12:00Z",
        "2026-02-30T12:00:00Z",
        "2026-11-23T12:00:60Z",
        "2026-11-23T12:00:00+9",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "yesterday",
    ],
)
def test_a_clock_without_a_day_an_hour_and_an_offset_is_refused(desk: Desk, text: str) -> None:
    fault = desk.in_environment(RUNBOOK_CLOCK=text).faults()
    assert len(fault) == 1
    assert fault[0].startswith("RUNBOOK_CLOCK: a moment with its offset is needed (RFC 3339)")


def test_a_toml_moment_is_a_moment(desk: Desk) -> None:
    assert desk.in_project("clock = 2026-11-23T12:00:00Z").load().clock == datetime(2026, 11, 23, 12, tzinfo=UTC)


# The held clock and its targets


@pytest.mark.parametrize("url", [None, "http://127.0.0.1:3000", "http://localhost:3000", "http://[::1]:3000"])
@pytest.mark.parametrize("console", [None, "http://127.0.0.5:4000"])
def test_a_held_clock_runs_where_every_target_is_on_loopback(desk: Desk, url: str | None, console: str | None) -> None:
    desk.in_environment(RUNBOOK_CLOCK="2026-11-23T12:00:00Z", LAGO_API_URL=url or "", BILLING_CONSOLE_URL=console or "")
    clock = desk.load().clock_to_use()
    assert isinstance(clock, HeldClock)
    assert clock.now().date().isoformat() == "2026-11-23"


@pytest.mark.parametrize(
    ("variable", "address"),
    [
        ("LAGO_API_URL", URL),
        ("BILLING_CONSOLE_URL", CONSOLE),
        ("LAGO_API_URL", "https://localhost.example.com"),
        ("LAGO_API_URL", "https://127.0.0.1.example.com"),
    ],
)
def test_a_held_clock_is_refused_where_a_target_is_a_real_one(desk: Desk, variable: str, address: str) -> None:
    desk.in_environment(LAGO_API_URL="http://127.0.0.1:1", BILLING_CONSOLE_URL="http://127.0.0.1:2")
    desk.in_environment(**{"RUNBOOK_CLOCK": "2026-11-23T12:00:00Z", variable: address})
    with pytest.raises(
        SettingsFault, match=f"the clock is held .RUNBOOK_CLOCK. and {variable} is not on loopback"
    ) as caught:
        desk.load().clock_to_use()
    assert caught.value.exit is Exit.INVALID
    assert [str(problem) for problem in desk.load().problems()] == [caught.value.message]


def test_real_time_needs_no_target(desk: Desk) -> None:
    assert type(desk.in_environment(LAGO_API_URL=URL).load().clock_to_use()) is Clock


# Files that are wrong


def test_everything_that_is_wrong_is_told_at_once_and_where(desk: Desk) -> None:
    desk.in_project('jornal = "j.db"\npoll_interval = "soon"\nsettle_window = ""\nzzz = 1\npath = [1]')
    desk.in_user_file('Environment = "x"\nenvironment = "y"').in_environment(RUNBOOK_CLOCK="noon")
    assert desk.faults() == (
        "project/pyproject.toml:5: unknown key `jornal`; did you mean `journal`?",
        "project/pyproject.toml:7: `settle_window` is empty; remove the line to leave it unset",
        "project/pyproject.toml:8: unknown key `zzz`",
        "project/pyproject.toml:9: `path` must be a text, or a list of texts",
        "home/.config/runbook/config.toml:2: `environment` is set twice, in two spellings",
        "RUNBOOK_CLOCK: a moment with its offset is needed (RFC 3339), as `2026-11-23T12:00:00Z`",
        "project/pyproject.toml:6: `poll_interval`: a number of seconds is needed, 0 to 86400, as `90` or `0.5`",
    )


def test_several_faults_are_one_sentence_and_one_fault_is_its_own(desk: Desk) -> None:
    with pytest.raises(SettingsInvalid) as one:
        desk.in_environment(RUNBOOK_CLOCK="noon").load()
    assert one.value.message == one.value.faults[0]
    with pytest.raises(SettingsInvalid) as two:
        desk.in_environment(RUNBOOK_SETTLE_MIN_READS="no").load()
    assert two.value.message.startswith("2 settings are wrong: RUNBOOK_CLOCK: ")
    assert "; RUNBOOK_SETTLE_MIN_READS: " in two.value.message


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"[tool.runbook\n", "project/pyproject.toml:1:14: not TOML: Expected ']' at the end of a table declaration"),
        (b"\xff\xfe", "project/pyproject.toml: not UTF-8"),
        (b"x = " + b"[" * 100_000, "project/pyproject.toml: not TOML: nested too deeply"),
        (b"#" * 1_000_001, "project/pyproject.toml: larger than 1000000 bytes, which is no settings file"),
        (b"tool = {runbook = 3}\n", "project/pyproject.toml: `tool.runbook` must be a table"),
        (b"tool.runbook.jurnal = 'x'\n", "project/pyproject.toml: unknown key `jurnal`; did you mean `journal`?"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(desk: Desk, content: bytes, fault: str) -> None:
    desk.project.write_bytes(content)
    assert desk.faults() == (fault,)


def test_a_file_that_is_a_folder_cannot_be_read(desk: Desk) -> None:
    desk.user.mkdir()
    assert desk.faults() == ("home/.config/runbook/config.toml: cannot be read: Is a directory",)


def test_other_tables_of_a_project_are_not_ours(desk: Desk) -> None:
    desk.project.write_text('tool = "none of ours"\n')
    assert desk.load().poll_interval == 2.0


def test_a_misspelled_variable_is_pointed_out(desk: Desk) -> None:
    desk.in_environment(RUNBOOK_SETTLE_WINDOWS="5", LAGO_API_KEYS="x", RUNBOOK_ELSE="1", LAGO_WEBHOOK="1")
    assert desk.load().warnings == (
        "LAGO_API_KEYS is no setting; did you mean LAGO_API_KEY?",
        "RUNBOOK_SETTLE_WINDOWS is no setting; did you mean RUNBOOK_SETTLE_WINDOW?",
    )


# Keys and where they go


@pytest.mark.parametrize("name", sorted(KEYS))
def test_a_project_file_may_neither_hold_a_key_nor_point_to_one(desk: Desk, name: str) -> None:
    desk.in_project(f'{name} = "{KEY}"')
    assert desk.faults() == (
        f"project/pyproject.toml:5: a project file may neither hold a key nor name a file with one: `{name}` "
        "(remove it; where a key was committed, replace the key)",
    )


def test_a_project_may_name_code_and_cannot_say_that_it_is_trusted(desk: Desk) -> None:
    desk.in_project('extensions = ["checks.py"]').in_user_file('trusted_projects = ["~/billing", "work"]')
    found = desk.load()
    assert found.extensions == (desk.project.parent / "checks.py",)
    assert found.trusted_projects == (desk.home / "billing", desk.user.parent / "work")
    desk.in_project('trusted_projects = "."')
    assert desk.faults() == (
        "project/pyproject.toml:5: a project cannot say itself that it is trusted; set `trusted_projects` in your user file",
    )


@pytest.mark.parametrize("name", sorted(OWN))
def test_a_project_decides_neither_what_is_executed_nor_where_facts_go(desk: Desk, name: str) -> None:
    value = "https://opa.example.com" if name == "opa_url" else "/srv/acme"
    desk.in_project(f'{name} = "{value}"')
    assert desk.faults() == (f"project/pyproject.toml:5: {OWN[name]}; set `{name}` in your user file",)


def test_the_token_for_opa_goes_to_an_address_of_the_same_source_alone(desk: Desk) -> None:
    url = "https://opa.example.com"
    desk.in_environment(RUNBOOK_OPA_URL=url + "/", RUNBOOK_OPA_TOKEN=KEY, RUNBOOK_OPA="/opt/opa")
    found = desk.load().opa()
    assert (found.executable, found.url, found.token and found.token.reveal()) == (Path("/opt/opa"), url, KEY)
    desk.env.clear()
    desk.in_environment(RUNBOOK_OPA_TOKEN=KEY).in_user_file(f'opa_url = "{url}"')
    assert [problem.message.split(";")[0] for problem in desk.load().problems()] == [
        f"RUNBOOK_OPA_URL comes from your user file ({desk.user}:1) and its key from your shell (RUNBOOK_OPA_TOKEN)"
    ]


def test_a_token_without_a_server_that_it_is_for_goes_nowhere(desk: Desk) -> None:
    assert desk.in_environment(RUNBOOK_OPA_TOKEN=KEY).load().opa() == OpaTarget()


@pytest.mark.parametrize("name", ["RUNBOOK_EXTENSIONS", "RUNBOOK_TRUSTED_PROJECTS"])
def test_in_the_environment_code_goes_by_its_whole_path(desk: Desk, name: str) -> None:
    desk.in_environment(**{name: "/srv/acme:~/acme"})
    assert desk.load().values[name.removeprefix("RUNBOOK_").lower()].value == (Path("/srv/acme"), desk.home / "acme")
    desk.in_environment(**{name: "/srv/acme:acme"})
    assert desk.faults() == (f"{name}: `acme` would be other code in every folder; write the whole path",)


@pytest.mark.parametrize("name", sorted(KEYS - {f"{row.name}_file" for row in TABLE}))
def test_a_key_is_never_a_flag(desk: Desk, name: str) -> None:
    desk.flags[name] = KEY
    with pytest.raises(KeyError):
        desk.load()


PARTIES = ("flag", "environment", "project", "user")


def set_in(desk: Desk, party: str, name: str, value: str) -> None:
    """Set one setting there, beside what is there already."""
    match party:
        case "flag":
            desk.flags[name] = value
        case "environment":
            desk.env[BY_NAME[name].env] = value
        case "project":
            desk.in_project(f'{name} = "{value}"')
        case "user":
            before = desk.user.read_text() if desk.user.exists() else ""
            desk.in_user_file(f'{before}{name} = "{value}"')


@pytest.mark.parametrize(("url_at", "key_at"), list(product(PARTIES, ("environment", "user"))))
@pytest.mark.parametrize(
    ("url_name", "key_name", "url"),
    [("lago_api_url", "lago_api_key", URL), ("billing_console_url", "billing_console_token", CONSOLE)],
)
@pytest.mark.parametrize("in_a_file", [False, True])
def test_a_key_goes_only_to_an_address_of_the_same_party(
    desk: Desk, url_at: str, key_at: str, url_name: str, key_name: str, url: str, in_a_file: bool
) -> None:
    set_in(desk, url_at, url_name, url)
    if in_a_file:
        (desk.root / "key").write_text(f"{KEY}\n")
        (desk.root / "key").chmod(0o600)
        set_in(desk, key_at, f"{key_name}_file", str(desk.root / "key"))
    else:
        set_in(desk, key_at, key_name, KEY)
    found = desk.load()
    attempt = found.need_lago if url_name == "lago_api_url" else found.console
    same = {"flag": "shell", "environment": "shell"}.get(url_at, url_at) == {"environment": "shell"}.get(key_at, key_at)
    if same:
        assert attempt() is not None
        assert found.problems() == ()
        return
    with pytest.raises(SettingsFault, match="a key goes only to an address of the same source") as caught:
        attempt()
    assert caught.value.exit is Exit.INVALID
    assert KEY not in caught.value.message
    assert [str(problem) for problem in found.problems()] == [caught.value.message]


def test_a_cloned_repository_cannot_redirect_the_users_key(desk: Desk) -> None:
    desk.in_user_file(f'lago_api_url = "{URL}"\nlago_api_key = "{KEY}"')
    assert desk.load().need_lago().url == URL
    desk.in_project('lago_api_url = "https://collector.example.net"')
    fault = refused(desk)
    assert fault.message.replace(f"{desk.root}/", "") == (
        "LAGO_API_URL comes from the project file (project/pyproject.toml:5) and its key from your user file "
        "(lago_api_key in home/.config/runbook/config.toml:2); a key goes only to an address of the same source"
    )
    assert fault.hint == "Set both in the same place: both in your shell, or both in your user file."


def test_a_users_key_does_not_step_in_for_one_that_the_shell_lacks(desk: Desk) -> None:
    desk.in_user_file(f'lago_api_url = "{URL}"\nlago_api_key = "{KEY}"').in_environment(LAGO_API_URL=CONSOLE)
    assert "your shell (LAGO_API_URL) and its key from your user file" in refused(desk).message


def test_address_and_key_of_the_shell(desk: Desk) -> None:
    target = desk.in_environment(LAGO_API_URL="https://billing.example.com/", LAGO_API_KEY=KEY).load().need_lago()
    assert (target.url, target.key.reveal(), target.key_from) == (URL, KEY, "LAGO_API_KEY")


def test_without_an_address_the_person_is_told_what_to_set(desk: Desk) -> None:
    fault = refused(desk)
    assert fault.message == "LAGO_API_URL is not set"
    assert fault.hint == "Set LAGO_API_URL and LAGO_API_KEY, or try it without a Lago: runbook demo"


def test_without_a_key_the_person_is_told_what_to_set(desk: Desk) -> None:
    fault = refused(desk.in_environment(LAGO_API_URL=URL))
    assert fault.message == "there is no key for Lago at billing.example.com"
    assert fault.hint == "Set LAGO_API_KEY, or LAGO_API_KEY_FILE to a file that holds it."


def test_a_keys_file_is_stripped_and_counts_before_the_variable(desk: Desk) -> None:
    path = desk.root / "key"
    path.write_text(f"\n  {KEY}\r\n")
    path.chmod(0o640)
    desk.in_environment(LAGO_API_URL=URL, LAGO_API_KEY="other", LAGO_API_KEY_FILE=str(path))
    found = desk.load()
    target = found.need_lago()
    assert (target.key.reveal(), target.key_from) == (KEY, "LAGO_API_KEY_FILE")
    assert found.warnings == (
        "the key to Lago is set twice, by LAGO_API_KEY_FILE and LAGO_API_KEY; LAGO_API_KEY_FILE is used",
    )


def test_the_same_in_two_layers_is_a_warning_that_names_both(desk: Desk) -> None:
    desk.in_user_file(f'lago_api_key = "{KEY}"').in_environment(LAGO_API_URL=URL, LAGO_API_KEY="mine")
    desk.user.chmod(0o600)
    found = desk.load()
    assert [text.replace(f"{desk.root}/", "") for text in found.warnings] == [
        "the key to Lago is set twice, by LAGO_API_KEY and lago_api_key in home/.config/runbook/config.toml:1; "
        "LAGO_API_KEY is used"
    ]
    assert found.need_lago().key.reveal() == "mine"


def test_a_key_that_all_can_read_is_a_warning(desk: Desk) -> None:
    path = desk.root / "key"
    path.write_text(KEY)
    path.chmod(0o644)
    found = desk.in_environment(LAGO_API_URL=URL, LAGO_API_KEY_FILE=str(path)).load()
    assert found.warnings == (f"{path} holds a key that every account on this machine can read; chmod 600 it",)
    assert found.need_lago().key.reveal() == KEY


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda file: file.chmod(0o666), "every account on this machine may write it; chmod go-w {0}"),
        (lambda file: file.chmod(0o664), "the group billing may write it; chmod go-w {0}"),
        (
            lambda file: file.parent.chmod(0o777),
            "every account on this machine may replace it, since they may write {1}; chmod go-w {1}",
        ),
        (
            lambda file: file.parent.chmod(0o2770),
            "the group billing may replace it, since they may write {1}; chmod go-w {1}",
        ),
    ],
    ids=["all", "group", "folder of all", "folder of a group"],
)
def test_an_operators_file_that_others_may_write_is_a_warning(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None], says: str
) -> None:
    monkeypatch.setattr(grp, "getgrgid", lambda gid: grp.struct_group(("billing", "x", gid, ["omar"])))
    folder = desk.root / "shared"
    folder.mkdir(mode=0o755)
    file = folder / "operators.yaml"
    file.write_text("operators: []")
    file.chmod(0o644)
    named = desk.in_environment(RUNBOOK_OPERATORS=str(file))
    assert named.load().warnings == ()
    change(file)
    assert named.load().warnings == (f"{file} says who is an operator, and {says.format(file, folder)}",)


def test_a_group_without_anybody_else_is_the_owner_and_a_sticky_folder_is_safe(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = pwd.getpwuid(os.getuid()).pw_name
    monkeypatch.setattr(grp, "getgrgid", lambda gid: grp.struct_group((owner, "x", gid, [])))
    folder = desk.root / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    file = folder / "operators.yaml"
    file.write_text("operators: []")
    file.chmod(0o664)
    assert desk.in_environment(RUNBOOK_OPERATORS=str(file)).load().warnings == ()


def test_a_user_file_with_a_key_that_all_can_read_is_a_warning(desk: Desk) -> None:
    desk.in_user_file(f'lago_api_key = "{KEY}"')
    desk.user.chmod(0o644)
    assert desk.load().warnings == (
        f"{desk.user} holds a key that every account on this machine can read; chmod 600 it",
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"x" * 65_537, "is too large for a key"),
        (b"two words", "this is no key"),
        (b"a\nInjected: header", "this is no key"),
        (b"k\xff", "this is no key"),
        ("schlüssel".encode(), "this is no key"),
    ],
)
def test_a_keys_file_that_holds_no_key_is_refused_without_showing_it(
    desk: Desk, content: bytes | None, why: str
) -> None:
    path = desk.root / "key"
    if content is not None:
        path.write_bytes(content)
    fault = refused(desk.in_environment(LAGO_API_URL=URL, LAGO_API_KEY_FILE=str(path)))
    assert fault.message.startswith("LAGO_API_KEY_FILE")
    assert why in fault.message
    assert "two words" not in fault.message
    assert "Injected" not in fault.message


def test_a_key_that_is_none_stops_nothing_that_needs_no_key(desk: Desk) -> None:
    desk.in_environment(LAGO_API_URL=URL, LAGO_API_KEY="two words")
    assert desk.load().path
    assert refused(desk).message == (
        "LAGO_API_KEY: this is no key: a space, a line break or a character beyond ASCII stands in it"
    )


def test_the_keyring_is_asked_by_the_addresss_host(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring_with(monkeypatch, {("runbook:billing.example.com", "lago_api_key"): KEY})
    target = desk.in_environment(LAGO_API_URL=URL).load().need_lago()
    assert (target.key.reveal(), target.key_from) == (KEY, "the keyring")
    desk.in_environment(LAGO_API_URL="https://elsewhere.example.com")
    assert "there is no key for Lago at elsewhere.example.com" in refused(desk).message


def test_a_key_of_the_keyring_may_go_to_a_projects_address(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring_with(monkeypatch, {("runbook:billing.example.com", "lago_api_key"): KEY})
    assert desk.in_project(f'lago_api_url = "{URL}"').load().need_lago().key.reveal() == KEY


def test_a_keyring_that_fails_holds_no_key(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(service: str, user: str) -> str:
        raise RuntimeError("locked")

    keyring_with(monkeypatch, {})
    monkeypatch.setattr(sys.modules["keyring"], "get_password", locked)
    assert refused(desk.in_environment(LAGO_API_URL=URL)).message.startswith("there is no key")


def test_what_is_set_comes_before_the_keyring(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring_with(monkeypatch, {("runbook:billing.example.com", "lago_api_key"): "from the keyring"})
    target = desk.in_environment(LAGO_API_URL=URL, LAGO_API_KEY=KEY).load().need_lago()
    assert target.key.reveal() == KEY


def test_a_person_is_asked_last_and_sees_which_host_it_is_for(desk: Desk) -> None:
    prompts: list[str] = []

    def ask(prompt: str) -> str | None:
        prompts.append(prompt)
        return f" {KEY} "

    target = desk.in_environment(LAGO_API_URL="https://billing.example.com:8443").load().need_lago(ask)
    assert (target.key.reveal(), target.key_from) == (KEY, "what you typed")
    assert prompts == ["Key to Lago at billing.example.com:8443: "]


@pytest.mark.parametrize("answer", [None, "", "  "])
def test_no_answer_is_no_key(desk: Desk, answer: str | None) -> None:
    with pytest.raises(SettingsFault, match="there is no key for Lago"):
        desk.in_environment(LAGO_API_URL=URL).load().need_lago(lambda prompt: answer)


def test_no_key_is_in_any_text_of_the_settings(desk: Desk) -> None:
    desk.in_environment(LAGO_API_URL=URL, LAGO_API_KEY=KEY, BILLING_CONSOLE_URL=CONSOLE, BILLING_CONSOLE_COOKIE=KEY)
    found = desk.load()
    texts = (repr(found), str(telling.lines(found)), repr(found.need_lago()), repr(found.console()))
    assert [text for text in texts if KEY in text] == []
    with pytest.raises(TypeError):
        pickle.dumps(found.need_lago())


# The console


def told(console: object) -> tuple[object, ...]:
    """A console's target with its secret in clear."""
    assert isinstance(console, ConsoleTarget)
    return (console.url, console.header, console.secret.reveal() if isinstance(console.secret, Secret) else None)


def test_sync_runs_may_be_nowhere_in_a_file_or_at_the_console(desk: Desk) -> None:
    assert desk.load().console() is None
    desk.in_environment(BILLING_CONSOLE_URL=CONSOLE)
    assert told(desk.load().console()) == (CONSOLE, None, None)
    desk.in_environment(BILLING_CONSOLE_COOKIE="session=1; other=2")
    assert told(desk.load().console()) == (CONSOLE, "Cookie", "session=1; other=2")
    desk.in_environment(BILLING_CONSOLE_TOKEN=KEY)
    assert told(desk.load().console()) == (CONSOLE, "Authorization", f"Bearer {KEY}")
    desk.in_environment(BILLING_SYNC_FILE="/srv/sync.json")
    assert desk.load().console() == Path("/srv/sync.json")
    assert desk.load().warnings == (
        "access to the billing console is set twice, by BILLING_CONSOLE_TOKEN and BILLING_CONSOLE_COOKIE; "
        "BILLING_CONSOLE_TOKEN is used",
        "sync runs are set twice, by BILLING_SYNC_FILE and BILLING_CONSOLE_URL; BILLING_SYNC_FILE is used",
    )


def test_a_shells_console_wins_over_a_projects_file(desk: Desk) -> None:
    desk.in_project('billing_sync_file = "sync.json"').in_environment(BILLING_CONSOLE_URL=CONSOLE)
    assert told(desk.load().console()) == (CONSOLE, None, None)


def test_a_cookie_cannot_bring_a_second_header(desk: Desk) -> None:
    desk.in_environment(BILLING_CONSOLE_URL=CONSOLE, BILLING_CONSOLE_COOKIE="a=1\r\nX: y")
    with pytest.raises(SettingsFault, match="this is no cookie"):
        desk.load().console()


# Addresses


@pytest.mark.parametrize(
    "url", ["http://billing.example.com", "ftp://billing.example.com", "billing.example.com", "https://", "https://a b"]
)
def test_an_address_that_is_none_is_refused_by_its_name(desk: Desk, url: str) -> None:
    faults = desk.in_environment(LAGO_API_URL=url, BILLING_CONSOLE_URL=url).faults()
    assert [fault.split(":")[0] for fault in faults] == ["LAGO_API_URL", "BILLING_CONSOLE_URL"]


def test_a_password_in_an_address_is_refused_and_not_repeated(desk: Desk) -> None:
    faults = desk.in_environment(LAGO_API_URL=f"https://me:{KEY}@billing.example.com").faults()
    assert len(faults) == 1
    assert KEY not in faults[0]


# What `runbook config` says


def test_config_lists_every_setting_with_its_source_and_no_key(desk: Desk) -> None:
    desk.in_user_file("poll_interval = 0.50").in_project('journal = "j.db"').in_environment(
        LAGO_API_URL=URL, LAGO_API_KEY=KEY, RUNBOOK_CLOCK="2026-11-23T12:00:00+01:00"
    )
    desk.flags["finalize_timeout"] = "30"
    seen = [tuple(part.replace(f"{desk.root}/", "") for part in line) for line in telling.lines(desk.load())]
    assert seen == [
        ("LAGO_API_URL", URL, "environment"),
        ("LAGO_API_KEY", "set, from LAGO_API_KEY", "environment"),
        ("LAGO_API_KEY_FILE", "not set", ""),
        ("BILLING_CONSOLE_URL", "not set", ""),
        ("BILLING_CONSOLE_TOKEN", "not set", ""),
        ("BILLING_CONSOLE_TOKEN_FILE", "not set", ""),
        ("BILLING_CONSOLE_COOKIE", "not set", ""),
        ("BILLING_CONSOLE_COOKIE_FILE", "not set", ""),
        ("BILLING_SYNC_FILE", "not set", ""),
        ("RUNBOOK_OPERATORS", "home/.config/runbook/operators.yaml", "default"),
        ("RUNBOOK_JOURNAL", "project/j.db", "project file project/pyproject.toml:5"),
        ("RUNBOOK_PATH", f"project/deep/runbooks:{settings.SHIPPED}", "default"),
        ("RUNBOOK_POLICIES", f"project/deep/policies:{settings.SHIPPED.with_name('policies')}", "default"),
        ("RUNBOOK_EXTENSIONS", "not set", ""),
        ("RUNBOOK_TRUSTED_PROJECTS", "not set", ""),
        ("RUNBOOK_OPA", "not set", ""),
        ("RUNBOOK_OPA_URL", "not set", ""),
        ("RUNBOOK_OPA_TOKEN", "not set", ""),
        ("RUNBOOK_OPA_TOKEN_FILE", "not set", ""),
        ("RUNBOOK_ENVIRONMENT", "billing.example.com", "default"),
        ("RUNBOOK_CLOCK", "2026-11-23T11:00:00.000000Z", "environment"),
        ("RUNBOOK_FINALIZE_TIMEOUT", "30", "flag --finalize-timeout"),
        ("RUNBOOK_SETTLE_WINDOW", "120", "default"),
        ("RUNBOOK_SETTLE_MIN_READS", "3", "default"),
        ("RUNBOOK_PENDING_DEADLINE", "120", "default"),
        ("RUNBOOK_TAXES_DEADLINE", "120", "default"),
        ("RUNBOOK_POLL_INTERVAL", "0.5", "user file home/.config/runbook/config.toml:1"),
    ]


def test_config_says_that_the_keyring_has_the_key(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring_with(monkeypatch, {("runbook:billing.example.com", "lago_api_key"): KEY})
    line = telling.lines(desk.in_environment(LAGO_API_URL=URL).load())[1]
    assert line == ("LAGO_API_KEY", "set, from keyring", "runbook:billing.example.com")


def test_config_says_whom_the_journal_keeps_apart(desk: Desk) -> None:
    shared = desk.root / "shared"
    shared.mkdir()
    shared.chmod(0o2770)
    assert telling.notes(desk.load()) == (
        "the journal is private to your account: it does not keep another operator from the same invoice",
    )
    desk.in_environment(RUNBOOK_JOURNAL=str(shared / "journal.db"))
    assert telling.notes(desk.load()) == (
        f"the journal is shared: operators in the group of {shared} exclude one another",
    )


def test_the_manual_lists_every_setting_as_the_table_has_it() -> None:
    manual = (Path(__file__).parent.parent / "docs" / "settings.md").read_text()
    rows = [line for line in manual.splitlines() if line.startswith("| `")]
    assert rows == [f"| `{row.env}` | `{row.name}` | {row.what} | {row.default_said} |" for row in TABLE]


def test_the_manual_has_the_same_answer_for_every_pair_of_sources(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    manual = (Path(__file__).parent.parent / "docs" / "settings.md").read_text()
    said = {
        cells[1]: [cell == "yes" for cell in cells[2:5]]
        for line in manual.splitlines()
        if len(cells := [cell.strip() for cell in line.split("|")]) == 6 and cells[2] in ("yes", "refused")
    }
    seen: dict[str, list[bool]] = {}
    for address, words in (("environment", "your shell"), ("user", "your user file"), ("project", "a project file")):
        seen[words] = []
        for key in ("environment", "user", "keyring"):
            one = Desk(desk.root / address / key)
            one.cwd.mkdir(parents=True)
            one.user.parent.mkdir(parents=True)
            set_in(one, address, "lago_api_url", URL)
            if key == "keyring":
                keyring_with(monkeypatch, {("runbook:billing.example.com", "lago_api_key"): KEY})
            else:
                set_in(one, key, "lago_api_key", KEY)
            seen[words].append(not one.load().problems() and one.load().need_lago().key.reveal() == KEY)
    assert said == seen


def test_every_secret_has_a_setting_for_its_file() -> None:
    assert {name for name in KEYS if name not in BY_NAME} == set()
    assert [row.name for row in TABLE if row.is_secret] == [
        "lago_api_key",
        "billing_console_token",
        "billing_console_cookie",
        "opa_token",
    ]
