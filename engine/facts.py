"""What a read step learned, as a value that can show itself to a check, a digest and the journal. Floor 0.

Models say their types as types, here and on floor 1, and not as texts (`from __future__ import annotations`): pydantic would
compile and evaluate each of 300 texts at every start.
"""

from datetime import datetime
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema

from engine.plain import dataclass
from engine.values import PLAIN, digest, jsonable

UNNAMED = frozenset(
    {
        "authorization",
        "proxy_authorization",
        "cookie",
        "set_cookie",
        "token",
        "api_key",
        "x_api_key",
        "password",
        "email",
        "emails",
        "email_address",
        "phone",
        "phone_number",
        "tax_identification_number",
        "legal_number",
    }
)
"""Fields that stay out of every record by their name alone: credentials and personal data."""


def is_unnamed(key: str) -> bool:
    """Whether a field of this name stays out of every record, whatever it holds."""
    plain = key.lower().replace("-", "_")
    return plain in UNNAMED or plain.startswith("address")


class Beside:
    """Base of what stands beside a field's type and changes nothing about how it is read, which pydantic is told.

    What says nothing to it pydantic tries one way after the other to make something of, for each of 200 fields.
    """

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler(source)


@dataclass(frozen=True, slots=True)
class OneOf(Beside):
    """Beside the type of a text: the words that it can be, as far as is known. Reading takes any other word too."""

    words: frozenset[str]

    def __init__(self, *words: str) -> None:
        object.__setattr__(self, "words", frozenset(words))


@dataclass(frozen=True, slots=True)
class Shaped(Beside):
    """Beside a field that holds any JSON: the type that what is recorded of it has, as far as is known."""

    as_: Any


class Always(Beside):
    """Beside a field that reading can do without: every supported server says it, and never null (`lago.md` 3).

    An expression may take it for granted; where it is missing after all, nothing is decided by it.
    """


class Fact(BaseModel):
    """Base of every model of something read. Unknown fields are kept, so nothing Lago says is lost in memory.

    `CLEAR` names the fields that may stand in the journal in clear text, everything else stays out of it; nested
    facts apply their own list. A fact made again from `clear()` has the same `figures()`: that is how a later
    process takes up what an earlier one confirmed.
    """

    model_config = ConfigDict(extra="allow", frozen=True, arbitrary_types_allowed=True, defer_build=True)

    CLEAR: ClassVar[tuple[str, ...]] = ()
    NOUN: ClassVar[str] = "thing"

    def clear(self) -> dict[str, Any]:
        """The allow-listed fields as canonical JSON. A field that Lago did not send stays absent."""
        return {name: _clear(getattr(self, name)) for name in self.CLEAR if name in self.model_fields_set}

    def figures(self) -> Any:
        """What a consent rests on, as canonical JSON; None when a consent does not rest on this fact."""
        return None

    def summary(self) -> str:
        """One line for a person: what was found."""
        return ""

    # How a run speaks of the thing that it is about, which one of its facts is.

    def named(self) -> str:
        """How a sentence calls it."""
        return f"the {self.NOUN}"

    def reads(self) -> str:
        """Its state, in the word that a person knows; empty where it has none."""
        return ""

    def report(self) -> dict[str, Any]:
        """What `run.end` says of it, under its own name."""
        return {}

    @property
    def digest(self) -> str:
        """SHA-256 of what `clear()` says."""
        return digest(self.clear())


def _clear(value: Any) -> Any:
    if type(value) in PLAIN:
        return jsonable(value)
    if isinstance(value, Fact):
        return value.clear()
    if isinstance(value, list | tuple):
        return [_clear(item) for item in value]
    return jsonable(value)


class Deed(Fact):
    """What a one-way call came to: `${id}` of its step.

    `outcome` is the step's own word for it, `status` the target's; `attribution` is `ours`, `not_ours` or `unproven`.
    """

    CLEAR: ClassVar[tuple[str, ...]] = ("outcome", "status", "attribution")

    outcome: str
    status: str
    attribution: str = "unproven"

    def target(self) -> Fact | None:
        """The thing acted on, as the call answered with it or a read showed it afterwards."""
        return None

    def summary(self) -> str:
        """The outcome."""
        return self.outcome

    def told(self) -> str:
        """What stands behind the step's own name when it is done: the outcome, or better."""
        return self.summary()

    def figures(self) -> Any:
        """None: no consent rests on an outcome."""
        return None


F = TypeVar("F", bound=Fact)


class Confirmed(Fact):
    """What a person confirmed: the facts shown, by the names that the runbook's `with:` gives them.

    `figures_digest` binds them; `at` is when the consent was given.
    """

    facts: dict[str, Fact]
    figures_digest: str
    at: datetime

    def of(self, kind: type[F]) -> F | None:
        """The confirmed fact of this type, or None when the consent did not cover one."""
        return next((fact for fact in self.facts.values() if isinstance(fact, kind)), None)


class RunRecord(Fact):
    """What the journal holds of the present run, read back from it: `${run}` in a runbook.

    `effect` is the newest record's type for the run's one-way effect, `intent_seq` the number of its intent. An expression
    sees the id alone, which is known from the beginning.
    """

    CLEAR: ClassVar[tuple[str, ...]] = ("id",)

    id: str
    operator: str
    recorded_operator: str | None = None
    effect_key: str | None = None
    effect: str | None = None
    intent_seq: int | None = None
    is_unbroken: bool = False
