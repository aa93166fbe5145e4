"""`billing.latest_sync`: read the newest run of the sync that feeds customers and subscriptions into Lago. Floor 3.

Does `GET /api/admin/sync/status` of the billing console, or read the file; takes the newest run, once a run.
Fails with 7 when the console cannot be reached, refuses us, or answers with something else. With neither a console nor
a file there is no run to show, and `sync_is_fresh` denies.
Why: Lago bills what it was told. Whether customers and subscriptions got there is known by what feeds them into it.

```yaml
- {id: sync, title: The most recent sync run, step: billing.latest_sync}
```
"""

from __future__ import annotations

from engine.http.exchange import Fetched
from engine.steps.base import Effect, ReadStep, StepParams, World
from engine.sync_runs import LatestSync


class Params(StepParams):
    """Nothing: the billing console or the file is a setting."""


def read(params: Params, world: World) -> Fetched[LatestSync]:
    """`GET /api/admin/sync/status` of the console, or the file; with neither configured there is no run to show.

    Raises Unreachable. What the run means is for the check `sync_is_fresh`.
    """
    if world.sync is None:
        nothing = LatestSync(run=None, source="none configured")
        return Fetched(nothing, (), world.clock.now(), 0.0)
    return world.sync.latest_sync()


STEP = ReadStep(
    name="billing.latest_sync",
    title="The most recent sync run",
    effect=Effect.READ,
    Params=Params,
    Fact=LatestSync,
    read=read,
    repeats=False,
    beside=True,
)
