"""Plans as a person meets them: made of a dry run, applied once, refused when anything is not as it was planned."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lago_server import Played, Result

from engine import plan as plans
from engine.errors import Exit, Invalid, RunbookError, UsageFault
from engine.journal import Reader, verify
from engine.plan import Plan
from engine.sandbox.faults import Fault
from engine.values import canonical, digest

TOTAL = "636.04 EUR"


@pytest.fixture
def ok(tmp_path: Path) -> Iterator[Played]:
    with Played("finalize_ok", tmp_path) as played:
        yield played


def plan(played: Played, *more: str, **env: str) -> Result:
    return played.run("plan", "finalize_invoice", "--invoice", played.invoice, *more, **env)


def made(played: Played, *more: str) -> Plan:
    """A plan in `plan.json`, and what is in it."""
    result = plan(played, *more)
    assert result.code == 0, result.out + result.err
    return plans.read(played.folder / "plan.json")


def records(played: Played, result: Result) -> list[Any]:
    with Reader.open(played.journal) as journal:
        return journal.run(result.out.split("\t")[1])


def sent(played: Played) -> list[str]:
    """The last words of the paths that were written to."""
    return [seen.target.rpartition("/")[2] for seen in played.player.writes]


def test_a_plan_is_made_by_reading_alone_and_holds_what_was_seen_and_meant(ok: Played) -> None:
    found = made(ok)
    assert sent(ok) == []
    assert found.made_by.id == "jane"
    assert (found.expires_at - found.made_at).total_seconds() == 4 * 3600
    assert set(found.facts) == {
        "draft",
        "customer",
        "subscriptions",
        "credits",
        "entity",
        "history",
        "sync",
        "refreshed",
    }
    assert found.facts["refreshed"].same_as == "draft"
    assert found.values_of("refreshed")["total_amount_cents"] == 63604
    assert [(one.step, one.effect, one.request.partition(" ")[0]) for one in found.requests] == [
        ("refreshed", "write", "PUT"),
        ("finalize", "one-way", "PUT"),
    ]
    assert {one.verdict for one in found.verdicts} == {"pass"}
    assert len(found.verdicts) == 9
    assert found.inputs == {"invoice": ok.invoice}
    assert (found.expected, found.subject) == ("cus_hooli", f"lago:invoice:{ok.invoice}")
    text = (ok.folder / "plan.json").read_text()
    assert "key-of-the-replay" not in text
    assert "@" not in text
    assert (ok.folder / "plan.json").stat().st_mode & 0o777 == 0o600


def test_the_journal_keeps_that_a_plan_was_made(ok: Played) -> None:
    result = plan(ok)
    found = plans.read(ok.folder / "plan.json")
    kept = next(one for one in records(ok, result) if one.type == "plan.made")
    assert (kept.data["plan"], kept.data["subject"]) == (found.digest, found.mark)
    assert kept.data["figures_digest"] == found.figures_digest
    start = records(ok, result)[0]
    assert (start.run, start.data["mode"]) == (found.run, "plan")
    listed = ok.run("audit", "list", "--subject", found.mark)
    assert result.out.split("\t")[1] in listed.out
    assert ok.invoice in listed.out


def test_a_plan_is_applied_without_a_terminal_by_who_made_it(ok: Played) -> None:
    found = made(ok)
    result = ok.run("apply", "plan.json")
    assert result.code == 0, result.out + result.err
    assert "Finalized ACM-013-001 for 636.04 EUR." in result.last_line
    assert sent(ok) == ["refresh", "finalize"]
    kept = {one.type: one.data for one in records(ok, result)}
    assert kept["run.start"]["plan"]["digest"] == found.digest
    assert kept["run.start"]["inputs"] == found.inputs
    assert (kept["consent.given"]["how"], kept["consent.given"]["plan"]) == ("plan", found.digest)
    assert kept["effect.intent"]["plan"] == found.digest
    assert kept["effect.intent"]["figures_digest"] == found.figures_digest
    assert verify(ok.journal).is_intact


def test_a_plan_is_good_for_one_run(ok: Played) -> None:
    made(ok)
    first, second = ok.run("apply", "plan.json"), ok.run("apply", "plan.json")
    assert (first.code, second.code) == (0, 6)
    assert f"The plan was used by run {first.out.split(chr(9))[1]}" in second.last_line
    assert sent(ok).count("finalize") == 1
    preview = ok.run("apply", "plan.json", "--dry-run")
    assert preview.code == 6
    assert "used" in preview.last_line


def test_what_was_refused_does_not_use_a_plan_up(ok: Played) -> None:
    made(ok)
    other = ok.run("apply", "plan.json", "--confirm", "cus_other")
    assert (other.code, sent(ok)) == (5, [])
    assert ok.run("apply", "plan.json").code == 0


def test_a_dry_run_of_apply_says_whether_it_still_holds_and_writes_nothing(ok: Played) -> None:
    made(ok)
    result = ok.run("apply", "plan.json", "-n")
    assert result.code == 0
    assert "Would finalize the draft of cus_hooli for 636.04 EUR. Nothing was written." in result.last_line
    assert result.last_line.endswith("runbook apply plan.json")
    assert sent(ok) == []


def operators(played: Played, *rows: str) -> None:
    (played.folder / "operators.yaml").write_text("operators:\n" + "".join(f"  - {row}\n" for row in rows))


def as_omar(played: Played) -> None:
    """From now on the account of this process is omar's."""
    import os
    import pwd

    me = pwd.getpwuid(os.getuid()).pw_name
    operators(played, "{id: jane, roles: [billing_admin], os_account: not-here}",
              f"{{id: omar, roles: [billing_admin], os_account: {me}}}")  # fmt: skip


def test_somebody_else_s_plan_is_nobody_s_consent_but_their_own(ok: Played) -> None:
    made(ok)
    as_omar(ok)
    alone = ok.run("apply", "plan.json")
    assert (alone.code, sent(ok)) == (5, [])
    assert "runbook apply plan.json --confirm cus_hooli --total '636.04 EUR'" in alone.out
    confirmed = ok.run("apply", "plan.json", "--confirm", "cus_hooli", "--total", TOTAL)
    assert confirmed.code == 0, confirmed.out
    given = next(one.data for one in records(ok, confirmed) if one.type == "consent.given")
    assert (given["how"], given["operator"]) == ("flags", "omar")


def test_a_plan_expires(ok: Played) -> None:
    made(ok, "--valid-for", "1h")
    result = ok.run("apply", "plan.json", RUNBOOK_CLOCK="2026-11-23T13:30:00Z")
    assert result.code == 6
    assert "The plan expired 29m" in result.last_line or "The plan expired 30m ago" in result.last_line
    assert f"runbook plan finalize_invoice --invoice {ok.invoice}" in result.last_line
    assert sent(ok) == []


def test_a_plan_of_a_clock_that_is_ahead_is_refused(ok: Played) -> None:
    made(ok)
    result = ok.run("apply", "plan.json", RUNBOOK_CLOCK="2026-11-23T11:00:00Z")
    assert result.code == 6
    assert "one of the clocks is wrong" in result.last_line


@pytest.mark.parametrize(
    ("setting", "told"),
    [({"RUNBOOK_ENVIRONMENT": "staging"}, "for the environment 127.0.0.1, and here it is staging"),
     ({"LAGO_API_URL": "http://localhost:1"}, "for the Lago 127.0.0.1:")],
)  # fmt: skip
def test_a_plan_is_for_one_place(setting: dict[str, str], told: str, ok: Played) -> None:
    made(ok)
    result = ok.run("apply", "plan.json", **setting)
    assert result.code == 3
    assert told in result.last_line + result.out
    assert sent(ok) == []


def test_a_plan_of_another_runbook_file_is_stale(ok: Played) -> None:
    own = ok.folder / "runbooks"
    own.mkdir()
    from engine.folders import SHIPPED

    text = (SHIPPED / "finalize_invoice.yaml").read_text()
    (own / "finalize_invoice.yaml").write_text(text)
    made(ok)
    (own / "finalize_invoice.yaml").write_text(text + "# changed\n")
    result = ok.run("apply", "plan.json")
    assert result.code == 6
    assert "another file now" in result.last_line


def test_a_figure_that_the_refresh_changed_is_named_with_both_values(tmp_path: Path) -> None:
    with Played("late_event_refreshed", tmp_path) as played:
        played.player.refreshes_again = True
        before = made(played)
        result = played.run("apply", "plan.json")
        assert (result.code, sent(played)) == (6, ["refresh"])
        drift = next(one.data for one in records(played, result) if one.type == "drift.detected")
        assert drift["phase"] == "refreshed"
        assert "refreshed.sums.total: 302.89 EUR -> 1,040.89 EUR" in drift["moved"]
        assert "The figures are not those of the plan." in result.last_line
        assert result.last_line.endswith(f"runbook plan finalize_invoice --invoice {played.invoice}")
        # On the figures as they are now it is planned again, and then goes through.
        after = made(played, "--refresh")
        assert after.figures_digest != before.figures_digest
        again = played.run("apply", "plan.json")
        assert again.code == 0, again.out


def test_a_figure_that_moved_after_the_consent_voids_it_and_spends_the_plan(tmp_path: Path) -> None:
    with Played("tax_changed_after_review", tmp_path) as played:
        made(played)
        result = played.run("apply", "plan.json")
        assert (result.code, sent(played)) == (6, ["refresh"])
        assert next(one.data for one in records(played, result) if one.type == "drift.detected")["phase"] == "recheck"
        assert "runbook plan finalize_invoice" in result.last_line
        assert "The plan was used" in played.run("apply", "plan.json").last_line


def test_a_figure_that_moved_before_anything_was_written_is_told_without_a_write(ok: Played) -> None:
    made(ok)
    data = json.loads((ok.folder / "plan.json").read_text())
    data["figures"]["entity"]["net_payment_term"] = 14
    data["figures_digest"] = digest(data["figures"])
    (ok.folder / "plan.json").write_bytes(sealed(data))
    result = ok.run("apply", "plan.json")
    assert (result.code, sent(ok)) == (6, [])
    assert "entity.net_payment_term: 14 -> 30" in result.out
    assert next(one.data for one in records(ok, result) if one.type == "drift.detected")["phase"] == "first"


def test_a_plan_with_a_refresh_is_of_the_refreshed_figures(ok: Played) -> None:
    ok.player.refreshes_again = True
    found = made(ok, "--refresh")
    assert found.reach == "write"
    assert found.facts["refreshed"].values is not None
    assert sent(ok) == ["refresh"]
    assert ok.run("apply", "plan.json").code == 0


def test_a_plan_that_would_be_denied_is_not_made(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path, sync="failed") as played:
        result = plan(played)
        assert result.code == 4
        assert not (played.folder / "plan.json").exists()


def test_a_check_that_denies_now_stops_a_plan(ok: Played) -> None:
    made(ok)
    ok.sandbox.sync = "failed"
    result = ok.run("apply", "plan.json")
    assert (result.code, sent(ok)) == (4, [])
    assert "sync" in result.last_line


def test_the_detailed_exit_code_is_that_of_a_dry_run(ok: Played) -> None:
    assert plan(ok, "--detailed-exitcode").code == 20
    assert plans.read(ok.folder / "plan.json")


def test_a_file_that_is_no_plan_is_not_written_over(ok: Played) -> None:
    (ok.folder / "plan.json").write_text("{}")
    result = plan(ok)
    assert result.code == 2
    assert "is there already, and is no plan" in result.err
    assert (ok.folder / "plan.json").read_text() == "{}"
    other = plan(ok, "-o", "no-such-folder/plan.json")
    assert other.code == 2
    assert "folder that is there" in other.err


@pytest.mark.parametrize("text", ["0s", "31d", "soon"])
def test_how_long_a_plan_holds_is_a_duration_within_limits(text: str, ok: Played) -> None:
    result = plan(ok, "--valid-for", text)
    assert result.code == 2
    assert "--valid-for" in result.err


def test_what_can_be_undone_needs_no_plan(ok: Played) -> None:
    result = ok.run("plan", "check_invoice", "--invoice", ok.invoice)
    assert result.code == 2
    assert "nothing to plan" in result.err


def test_a_void_is_planned_and_applied_like_everything_one_way(tmp_path: Path) -> None:
    with Played("voided_with_coupon_and_wallet", tmp_path, start="finalized") as played:
        result = played.run("plan", "void_invoice", "--invoice", played.invoice, "--reason", "Billed twice")
        assert result.code == 0, result.out + result.err
        assert plans.read(played.folder / "plan.json").inputs["reason"] == "Billed twice"
        assert played.run("apply", "plan.json").code == 0


def test_a_run_that_never_connected_is_taken_up_and_the_plan_is_spent(tmp_path: Path) -> None:
    reads = [0]
    with Played("finalize_ok", tmp_path) as played:

        def stop_after_the_recheck(method: str, target: str) -> None:
            reads[0] += target.endswith("/billing_entities/acme")
            if reads[0] == 3:
                played.sandbox.refuse()

        made(played)
        played.sandbox.before = stop_after_the_recheck
        result = played.run("apply", "plan.json")
        assert result.code == 7, result.out
        run = result.out.split("\t")[1]
        assert result.last_line.endswith(f"runbook resume {run}")
        assert "was used by run" in played.run("apply", "plan.json").last_line
    with Played("finalize_ok", tmp_path / "again") as again:
        journal = {"RUNBOOK_JOURNAL": str(played.journal)}
        unasked = again.run("resume", run, **journal)
        assert (unasked.code, again.player.writes) == (5, []), unasked.out + unasked.err
        assert f"runbook resume {run} --confirm cus_hooli --total '{TOTAL}'" in unasked.out
        resumed = again.run("resume", run, "--confirm", "cus_hooli", "--total", TOTAL, **journal)
        assert resumed.code == 0, resumed.out + resumed.err
        kept = [one for one in records(played, resumed) if one.type in ("consent.given", "effect.intent")]
        assert len({one.data["plan"] for one in kept}) == 1


def test_a_run_that_lost_lago_after_its_consent_says_that_resume_goes_on_with_the_plan(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        made(played)
        reads = [0]

        def refuse_the_recheck(method: str, target: str) -> None:
            reads[0] += target.endswith("/billing_entities/acme")
            if reads[0] == 3:
                played.sandbox.faults.append(Fault.parse("reads:401@*"))

        played.sandbox.before = refuse_the_recheck
        result = played.run("apply", "plan.json")
        assert result.code == 7, result.out
        assert "effect.intent" not in [one.type for one in records(played, result)]
        assert "consent.given" in [one.type for one in records(played, result)]
        assert result.last_line.endswith("runbook resume " + result.out.split("\t")[1])


# The file


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A plan as its file holds it."""
    with Played("finalize_ok", tmp_path_factory.mktemp("plan")) as played:
        made(played)
        return (played.folder / "plan.json").read_bytes()


def refused(path: Path, content: bytes) -> RunbookError:
    path.write_bytes(content)
    with pytest.raises((Invalid, UsageFault)) as caught:
        plans.read(path)
    return caught.value


def sealed(data: dict[str, Any]) -> bytes:
    """The same with a digest that is right again."""
    rest = {key: value for key, value in data.items() if key != "digest"}
    return canonical({**rest, "digest": digest(rest)})


def test_a_plan_is_canonical_json_and_reads_as_it_was_made(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(text)
    found = plans.read(tmp_path / "plan.json")
    assert canonical(found.as_data()) + b"\n" == text
    (tmp_path / "plan.json").write_text(json.dumps(json.loads(text), indent=2))
    assert plans.read(tmp_path / "plan.json") == found


def test_a_changed_plan_is_refused_whatever_was_changed(text: bytes, tmp_path: Path) -> None:
    for old, new in (
        (b"63604", b"63605"),
        (b"cus_hooli", b"cus_hoolj"),
        (b'"jane"', b'"omar"'),
        (b'"pass"', b'"warn"'),
    ):
        assert old in text
        error = refused(tmp_path / "plan.json", text.replace(old, new, 1))
        assert error.exit is Exit.INVALID
        assert "plan.json is" in error.message


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "line 1, column 1: expecting value"),
        (b"[]", "it is no JSON object"),
        (b"\xff", "byte 1 is not UTF-8"),
        (b'{"v": 1, "v": 1}', "`v` stands twice"),
        (b'{"v": 1.0}', "1.0 is no whole number"),
        (b'{"v": NaN}', "NaN is no whole number"),
        (b'{"v": 99999999999999999999}', "is not exact in JSON"),
        (b"[" * 100_000, "it is nested too deeply"),
        (b"{}", "`v`: it is missing; `type`: it is missing"),
    ],
)
def test_what_is_no_plan_is_told_clearly(content: bytes, told: str, tmp_path: Path) -> None:
    error = refused(tmp_path / "plan.json", content)
    assert error.exit is Exit.INVALID
    assert told in error.message


def test_all_that_is_wrong_with_a_plan_is_told_at_once(text: bytes, tmp_path: Path) -> None:
    data = json.loads(text)
    data["more"], data["reach"] = 1, "one-way"
    data["made_at"] = "2026-11-23"
    del data["expected"]
    error = refused(tmp_path / "plan.json", sealed(data))
    for told in ("`more`: it is not known here", "`reach`: ", "`made_at`: ", "`expected`: it is missing"):
        assert told in error.message


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda data: data["facts"]["draft"]["values"].update(total_amount_cents=1), "digest of `draft`"),
        (lambda data: data["facts"]["refreshed"].update(same_as="customer"), "`refreshed` is not the fact"),
        (lambda data: data["facts"]["refreshed"].update(same_as="nobody"), "needs `values`"),
        (lambda data: data["figures"]["customer"].update(currency="USD"), "the figures in it are not those"),
        (lambda data: data.update(expires_at="2030-11-23T12:00:00.000000Z"), "more than 30 days"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused_even_with_a_right_digest(
    change: Any, told: str, text: bytes, tmp_path: Path
) -> None:
    data = json.loads(text)
    change(data)
    assert told in refused(tmp_path / "plan.json", sealed(data)).message


def test_a_plan_that_cannot_be_read_is_a_wrong_command_line(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match=r"none\.json cannot be read: No such file"):
        plans.read(tmp_path / "none.json")
    with pytest.raises(Invalid, match="larger than"):
        (tmp_path / "big.json").write_bytes(b" " * (plans.MOST_BYTES + 1))
        plans.read(tmp_path / "big.json")
