"""`lago.read_back`: read an invoice again after it was finalized, for as long as an unknown outcome is read. Floor 3.

Does `GET /invoices/:id` within the settle window; a closed one must be gone.
Fails with 13 when the window ends without it: what Lago answered is then not borne out by what it shows.
Why: An answer says what Lago meant to do. What it shows afterwards is what was done.

```yaml
- {id: issued, title: Read it back, step: lago.read_back, with: {finalized: "${finalize}"}}
```
"""

from __future__ import annotations

from pydantic import Field

from engine.errors import Denied, Unreachable
from engine.http.exchange import Fetched
from engine.lago_models import Finalization, Invoice
from engine.steps.base import Effect, ReadStep, StepParams, World


class Params(StepParams):
    """What was finalized."""

    finalized: Finalization = Field(description="what the finalize step came to")


def read(params: Params, world: World) -> Fetched[Invoice]:
    """Read the invoice; a `closed` one must be gone (404), and then the answer itself stands for it.

    Every answer but the expected one is read past, within the settle window. Raises Unreachable when the window
    ends without it: what Lago answered is then not borne out by what it shows.
    """
    final = params.finalized
    started = world.clock.monotonic()
    while True:
        try:
            fetched = world.lago.get_invoice(final.lago_id, within=world.sighting_seconds)
            if final.status != "closed" and fetched.value.status not in ("draft", "pending"):
                return fetched
            why = f"it still reads `{fetched.value.status}`"
        except Denied as gone:
            if final.status == "closed" and final.answer is not None:
                return Fetched(final.answer, (), world.clock.now(), world.clock.monotonic() - started)
            why = gone.message
        except Unreachable as fault:
            why = fault.message
        waited = world.clock.monotonic() - started
        if waited + world.limits.poll_interval > world.limits.settle_window:
            raise Unreachable(f"the invoice could not be read back: {why}")
        world.waiting(why)
        world.clock.sleep(world.limits.poll_interval)


STEP = ReadStep(
    name="lago.read_back",
    title="Read it back",
    effect=Effect.READ,
    Params=Params,
    Fact=Invoice,
    read=read,
)
