"""`sync_is_fresh`: the newest sync run completed, without errors, and not too long ago. Floor 3."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field

from engine.checks.base import Check, Here, Params, Verdict, denied, passed, warned
from engine.lago_models import Customer, Subscriptions
from engine.sync_runs import LatestSync, SyncRun
from engine.values import show_duration

# Clocks of two machines differ; more than this is no skew but a wrong clock.
SKEW = timedelta(minutes=5)
AGAIN = "Run the sync, wait until it has completed, then run this again."


class SyncIsFresh(Params):
    """The newest sync run, and what it should have brought."""

    sync: LatestSync = Field(description="the newest sync run")
    customer: Customer | None = Field(default=None, description="the customer that should have synced")
    subscriptions: Subscriptions | None = Field(default=None, description="the subscriptions that should have synced")
    max_age: timedelta = Field(description="how long ago the run may have ended, at the most")


def judge(params: SyncIsFresh, here: Here) -> Verdict:
    """Deny without a completed, clean, young run; warn when the customer changed after it ended."""
    run = params.sync.run
    if run is None:
        return denied(f"there is no sync run to go by ({params.sync.source})", _where(params.sync))
    if run.status == "running":
        return denied(f"sync run {run.id} is still running", "Wait until it has completed, then run this again.")
    if run.status != "completed":
        return denied(f"sync run {run.id} is `{run.status}`", AGAIN)
    if run.errors:
        count = len(run.errors)
        lines = [error[:200] for error in run.errors[:3]] + ([f"and {count - 3} more"] if count > 3 else [])
        return denied(
            f"sync run {run.id} completed with {count} error{'' if count == 1 else 's'}",
            "Mend what failed, run the sync again, then run this again.",
            *lines,
        )
    if run.completed_at is None:
        return denied(f"sync run {run.id} says `completed` but not when", AGAIN)
    return _by_age(params, run, run.completed_at, here.now)


def _by_age(params: SyncIsFresh, run: SyncRun, ended: datetime, now: datetime) -> Verdict:
    age = now - ended
    seen = {"run": run.id, "completed_at": ended, "max_age_seconds": int(params.max_age.total_seconds())}
    if age < -SKEW:
        return denied(
            f"sync run {run.id} ended {show_duration(-age)} in the future",
            "The clock of this machine or of the console is wrong; set it right first.",
            **seen,
        )
    age = max(age, timedelta(0))
    limit = show_duration(params.max_age)
    if age >= params.max_age:
        return denied(f"sync run {run.id} ended {show_duration(age)} ago; the limit is {limit}", AGAIN, **seen)
    message = f"sync run {run.id} completed without errors {show_duration(age)} ago (limit {limit})"
    late = _changed_after(params, ended)
    if late:
        return warned(
            f"{message}, but {late} changed after it ended",
            "See in Lago what changed. A finalization touches its customer too, so this alone is no fault.",
            **seen,
        )
    return passed(message, **seen)


def _changed_after(params: SyncIsFresh, ended: datetime) -> str:
    changed = []
    if params.customer is not None and params.customer.updated_at is not None and params.customer.updated_at > ended:
        changed.append(f"customer `{params.customer.external_id[:80]}`")
    for one in params.subscriptions.items if params.subscriptions is not None else ():
        if one.updated_at is not None and one.updated_at > ended:
            changed.append(f"subscription `{one.external_id[:80]}`")
    return ", ".join(changed[:3])


def _where(sync: LatestSync) -> str:
    if sync.source == "none configured":
        return "Set BILLING_CONSOLE_URL, or BILLING_SYNC_FILE to a file of sync runs."
    return AGAIN


CHECK = Check(name="sync_is_fresh", title="Customer and subscription have synced", Params=SyncIsFresh, judge=judge)
