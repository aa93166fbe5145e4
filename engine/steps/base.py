"""What a step is: Params, an effect, and functions that read, write, or write once and settle. Floor 3."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from engine.clock import Clock
from engine.events import Preview
from engine.facts import Confirmed, Fact
from engine.http.exchange import Answer, Fetched, Request
from engine.plain import dataclass
from engine.under_way import Begin, UnderWay

if TYPE_CHECKING:
    from engine.billing import SyncSource
    from engine.lago import Lago


class Effect(Enum):
    """What a step does to the world, in rising order of consequence."""

    READ = "read"
    WRITE = "write"
    ONE_WAY = "one-way"
    MANUAL = "manual"


class StepParams(BaseModel):
    """Base of a step's parameters; a field's description is its help."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, defer_build=True)


P = TypeVar("P", bound=StepParams)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things may take, in seconds (`docs/settings.md`); deadlines run on the monotonic clock."""

    finalize_timeout: float = 90.0
    settle_window: float = 120.0
    settle_min_reads: int = 3
    pending_deadline: float = 120.0
    taxes_deadline: float = 120.0
    poll_interval: float = 2.0


@dataclass(slots=True)
class World:
    """What a step may touch: Lago, the billing console, the clock.

    `waiting` tells the person that a step goes on waiting and why; `refresh_seconds` is what the last refresh took,
    the best forecast of what finalize takes (`lago.md` 2); `begin` is how reads that do not need each other are made.
    """

    lago: Lago
    sync: SyncSource | None
    clock: Clock
    limits: Limits
    waiting: Callable[[str], None] = lambda detail: None
    refresh_seconds: float = 0.0
    begin: Begin = UnderWay

    @property
    def finalize_timeout(self) -> float:
        """Seconds to wait for the answer of a one-way call: the setting, or five times what the refresh took."""
        return max(self.limits.finalize_timeout, 5 * self.refresh_seconds)

    @property
    def sighting_seconds(self) -> float:
        """Seconds that one look at the target may take, its tries included: a hanging Lago must not stretch a window."""
        return min(60.0, max(10.0, self.limits.settle_window))


@dataclass(frozen=True, slots=True)
class Step(Generic[P]):
    """What all steps have. `Fact` is what `${id}` stands for after the step."""

    name: str
    title: str
    effect: Effect
    Params: type[P]
    Fact: type[Fact]

    @property
    def settle(self) -> Callable[..., Any] | None:
        """How an unknown outcome becomes an answer by reading; only a one-way step has one, and must."""
        return None


@dataclass(frozen=True, slots=True)
class ReadStep(Step[P]):
    """A step that only reads. `repeats` is False where a second read in the same run would say nothing new.

    `beside` says that it may be read in a thread of its own, beside others: it neither waits nor tells, it asks.
    """

    read: Callable[[P, World], Fetched[Any]] = field(kw_only=True)
    repeats: bool = True
    beside: bool = False


@dataclass(frozen=True, slots=True)
class WriteStep(Step[P]):
    """A write that Lago can take again or that changes nothing for good. It is sent once and never re-sent.

    `renews` names the parameter that holds what is written: before the write the step's fact is that value as first
    read; afterwards it is the same thing read again, which `reread` does. `require_done` raises Unreachable or
    Refused unless the answer says that it was done. `sent` and `did` are clauses for the last line of a run that goes
    no further: `a refresh was sent`, `the draft was refreshed`. `noun` and `could_change` say beside a preview that comes
    before the write what may be otherwise after it.
    """

    renews: str = field(kw_only=True)
    request: Callable[[P, World], Request] = field(kw_only=True)
    send: Callable[[P, World], Answer] = field(kw_only=True)
    require_done: Callable[[P, Answer], None] = field(kw_only=True)
    reread: Callable[[P, World], Fetched[Any]] = field(kw_only=True)
    sent: str = field(kw_only=True)
    did: str = field(kw_only=True)
    noun: str = "a write"
    could_change: str = "what is shown here"


@dataclass(frozen=True, slots=True)
class Words:
    """How a person is told of a one-way step: `verb` as in "to finalize", `done` as in "finalized", its thing's noun.

    `not_done` begins the last line of a refusal, `before` says how Lago shows a target on which nothing was done;
    `jobs` are what the target queues once it is done, which an answer of 5xx puts in doubt. `endings` are sentences
    for outcomes of its own other than `done`; `vanished` is what it is called when it is done and shown nowhere.
    `system` is whose thing it is, and has screens of its own on which nobody should do it again.
    """

    verb: str
    done: str
    noun: str = "invoice"
    not_done: str = ""
    before: str = "it as it was before"
    jobs: str = "its follow-up jobs"
    endings: Mapping[str, str] = field(default_factory=dict)
    vanished: str = ""
    system: str = "Lago"

    @property
    def refused(self) -> str:
        """How the last line of a refusal begins."""
        return self.not_done or f"Not {self.done}"


State = Literal["not_sent", "rejected", "pending", "done", "unknown", "observed"]

# What one read is to decide after an answer that leaves it open: a 404, a refusal that somebody else's call explains, a 429.
Look = Literal["", "not_found", "refused", "throttled"]

SightedState = Literal["applied", "pending", "failed", "undone", "not_applied", "gone", "unreadable"]


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one read showed of a one-way step's target. `status` is the target's own word, `why` what went wrong."""

    state: SightedState
    status: str
    requests: tuple[Request, ...] = ()
    value: Fact | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What came of a one-way call. `why` is a sentence; `fact` is what the step's id stands for from now on.

    `look` asks for one read that decides; `stays_settles` says that a target which stays as it was
    through the whole window was refused (Lago's own 500); `said` is what Lago answered, for the journal.
    """

    state: State
    why: str
    fact: Fact | None = None
    look: Look = ""
    stays_settles: bool = False
    attribution: Literal["ours", "not_ours", "unproven"] = "unproven"
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OneWayStep(Step[P]):
    """A step that cannot be undone.

    `key_of` gives the effect key that at most one open intent may hold, from the target or its id (None: not a
    target); `foresee` adds to the figures that a consent binds what the step itself predicts; `to_type` gives the
    values of the inputs that a consent without a terminal must name; `state_of` says of the target as read whether the
    step is done, and `sealed` how a sentence tells what was done and when; `judge` turns an answer into a ruling by a
    table; `sight` reads the target once; `could_vanish` says
    whether a target that is gone may have been done away with by this very step; `conclude` makes the step's fact
    from a sighting. `acts_on` is the kind of fact that the consent must show, since it is what will be acted on.
    """

    key_of: Callable[[Fact | str, World], str | None] = field(kw_only=True)
    target: Callable[[P], dict[str, Any]] = field(kw_only=True)
    request: Callable[[P, World], Request] = field(kw_only=True)
    preview: Callable[[Confirmed, World], Preview] = field(kw_only=True)
    foresee: Callable[[Mapping[str, Fact], World], dict[str, Any]] = field(kw_only=True)
    to_type: Callable[[Mapping[str, Fact]], dict[str, Any]] = field(kw_only=True)
    state_of: Callable[[Fact], SightedState] = field(kw_only=True)
    sealed: Callable[[Fact], str] = field(kw_only=True)
    words: Words = field(kw_only=True)
    send: Callable[[P, World, str], Answer] = field(kw_only=True)
    judge: Callable[[P, Answer], Ruling] = field(kw_only=True)
    sight: Callable[[P, World], Sighting] = field(kw_only=True)
    could_vanish: Callable[[P], bool] = field(kw_only=True)
    conclude: Callable[[P, Sighting, str], Fact] = field(kw_only=True)
    acts_on: type[Fact] | None = None

    @property
    def settle(self) -> Callable[..., Any] | None:
        return self.sight
