"""`sync_is_fresh`: the newest sync run completed, without errors, and not too long ago. Floor 3.

Passes when the newest run completed without errors and ended less than `max_age` ago. Five minutes ahead of this
machine's clock count as now.
Warns when Lago's customer, or a subscription of a server that says so, changed after that run ended.
Denies when there is no run, or the newest is running, failed or of an unknown status, has errors (the first three are
shown, without what looks like personal data or a key), does not say when it ended, ended `max_age` ago or longer, or
ended in the future.
Why: An invoice over stale customers or subscriptions bills the wrong thing. That the customer changed later only warns,
for a finalization that takes prepaid credits changes the customer as well.

```yaml
- id: synced
  check: sync_is_fresh
  with: {sync: "${sync}", customer: "${customer}", subscriptions: "${subscriptions}", max_age: "${inputs.max_sync_age}"}
```

```text
DENY  sync run `4711` completed 2d3h ago; the limit is 1d
      Run the sync, wait until it has completed, then run this again.
```
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from pydantic import Field

from engine.checks.base import Check, Here, Params, Verdict, denied, passed, warned
from engine.lago_models import Customer, Subscriptions
from engine.sync_runs import LatestSync, SyncRun
from engine.values import iso, show_duration

# Clocks of two machines differ; more than this is no skew but a wrong clock.
SKEW = timedelta(minutes=5)
AGAIN = "Run the sync, wait until it has completed, then run this again."
MOST_ERRORS = 3
MOST_OF_AN_ERROR = 200

# A verdict stands in the journal, and an error may quote whom it was about. Ids and dates stay, for they lead on.
_ID_OR_DAY = r"(?P<kept>\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b\d{4}-\d\d-\d\d(?:[T ][\d:.]+Z?)?)"
_PERSONAL = (
    r"\S+@\S+",  # an e-mail address
    r"(?<!\w)\+?\(?\d(?:[ ().-]?\d){6,}(?!\w)",  # a phone number, or any long one
    r"\b[a-z]{2,3}\d{7,}\w*\b",  # a tax number
    r"\b(?=\w*\d)\w{20,}\b",  # a key or token
)
_BARED = re.compile("|".join((_ID_OR_DAY, *_PERSONAL)), re.IGNORECASE)


class SyncIsFresh(Params):
    """The newest sync run, and what it should have brought."""

    sync: LatestSync = Field(description="the newest sync run")
    customer: Customer | None = Field(default=None, description="the customer that should have synced")
    subscriptions: Subscriptions | None = Field(default=None, description="the subscriptions that should have synced")
    max_age: timedelta = Field(description="how long ago the run may have ended, at the most")


def judge(params: SyncIsFresh, here: Here) -> Verdict:
    """Deny without a completed, clean, young run; warn when customer or subscription changed after it ended."""
    run = params.sync.run
    if run is None:
        return denied(f"there is no sync run to go by ({params.sync.source[:200]})", _where(params.sync))
    name, status = f"sync run `{run.id[:80]}`", run.status[:40]
    seen = {"run": run.id[:80], "status": status}
    if status == "running":
        so_far = show_duration(max(here.now - run.started_at, timedelta(0)))
        again = "Wait until it has completed, then run this again."
        return denied(f"{name} has been running for {so_far} and has not completed", again, *_errors(run), **seen)
    if status != "completed":
        return denied(f"{name} is `{status}`, not completed", AGAIN, *_errors(run), **seen)
    if run.errors:
        count = f"{len(run.errors)} error{'' if len(run.errors) == 1 else 's'}"
        fix = "Mend what failed, run the sync again, then run this again."
        return denied(f"{name} completed with {count}", fix, *_errors(run), **seen, errors=len(run.errors))
    if run.completed_at is None:
        return denied(f"{name} is `completed`, but does not say since when", AGAIN, **seen)
    return _by_age(params, name, run.completed_at, here.now)


def _by_age(params: SyncIsFresh, name: str, ended: datetime, now: datetime) -> Verdict:
    age = now - ended
    seen = {"completed_at": ended, "age_seconds": int(age.total_seconds()), "max_age": params.max_age}
    if age < -SKEW:
        return denied(
            f"{name} ended {show_duration(-age)} in the future, at {iso(ended)[:19]}Z",
            "The clock of this machine or of the billing console is wrong; set it right first.",
            **seen,
        )
    age = max(age, timedelta(0))
    limit = show_duration(params.max_age)
    if age >= params.max_age:
        return denied(f"{name} completed {show_duration(age)} ago; the limit is {limit}", AGAIN, **seen)
    message = f"{name} completed without errors {show_duration(age)} ago (limit {limit})"
    late = _changed_after(params, ended)
    if late:
        return warned(
            f"{message}, but Lago's data changed after it ended",
            "See in Lago what changed. A finalization touches its customer too, so this alone is no fault.",
            *late,
            **seen,
        )
    return passed(message, **seen)


def _changed_after(params: SyncIsFresh, ended: datetime) -> list[str]:
    changed = []
    customer = params.customer
    if customer is not None and customer.updated_at is not None and customer.updated_at > ended:
        changed.append((f"customer `{customer.external_id[:80]}`", customer.updated_at))
    for one in params.subscriptions.items if params.subscriptions is not None else ():
        if one.updated_at is not None and one.updated_at > ended:
            changed.append((f"subscription `{one.external_id[:80]}`", one.updated_at))
    lines = [f"{what} changed at {iso(at)[:19]}Z, {show_duration(at - ended)} after it ended" for what, at in changed]
    return lines[:5] + ([f"and {len(lines) - 5} more"] if len(lines) > 5 else [])


def _errors(run: SyncRun) -> list[str]:
    lines = [_bare(error) for error in run.errors[:MOST_ERRORS]]
    more = len(run.errors) - len(lines)
    return lines + ([f"and {more} more"] if more > 0 else [])


def _bare(error: str) -> str:
    """One line of an error, without what looks like personal data or a key."""
    line = _BARED.sub(lambda found: found["kept"] or "[...]", " ".join(error[:1000].split()))
    return line if len(line) <= MOST_OF_AN_ERROR else line[: MOST_OF_AN_ERROR - 3] + "..."


def _where(sync: LatestSync) -> str:
    if sync.source == "none configured":
        return "Set BILLING_CONSOLE_URL, or BILLING_SYNC_FILE to a file of sync runs."
    return AGAIN


CHECK = Check(name="sync_is_fresh", title="Customer and subscription have synced", Params=SyncIsFresh, judge=judge)
