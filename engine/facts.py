"""What a read step learned, as a value that can show itself to a check, a digest and the journal. Floor 0."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict

from engine.values import digest, jsonable


class Fact(BaseModel):
    """Base of every model of something read. Unknown fields are kept, so nothing Lago says is lost in memory.

    `CLEAR` names the fields that may stand in the journal in clear text, everything else stays out of it; nested
    facts apply their own list. A fact made again from `clear()` has the same `figures()`: that is how a later
    process takes up what an earlier one confirmed.
    """

    model_config = ConfigDict(extra="allow", frozen=True, arbitrary_types_allowed=True)

    CLEAR: ClassVar[tuple[str, ...]] = ()

    def clear(self) -> dict[str, Any]:
        """The allow-listed fields as canonical JSON. A field that Lago did not send stays absent."""
        return {name: _clear(getattr(self, name)) for name in self.CLEAR if name in self.model_fields_set}

    def figures(self) -> Any:
        """What a consent rests on, as canonical JSON; None when a consent does not rest on this fact."""
        return None

    def summary(self) -> str:
        """One line for a person: what was found."""
        return ""

    @property
    def digest(self) -> str:
        """SHA-256 of what `clear()` says."""
        return digest(self.clear())


def _clear(value: Any) -> Any:
    if isinstance(value, Fact):
        return value.clear()
    if isinstance(value, list | tuple):
        return [_clear(item) for item in value]
    return jsonable(value)


F = TypeVar("F", bound=Fact)


class Confirmed(Fact):
    """What a person confirmed: the facts shown, by the names that the runbook's `with:` gives them.

    `figures_digest` binds them (`docs/consent.md`); `at` is when the consent was given.
    """

    facts: dict[str, Fact]
    figures_digest: str
    at: datetime

    def of(self, kind: type[F]) -> F | None:
        """The confirmed fact of this type, or None when the consent did not cover one."""
        return next((fact for fact in self.facts.values() if isinstance(fact, kind)), None)


class RunRecord(Fact):
    """What the journal holds of the present run, read back from it: `${run}` in a runbook.

    `effect` is the newest record's type for the run's one-way effect, `intent_seq` the number of its intent.
    """

    id: str
    operator: str
    recorded_operator: str | None = None
    effect_key: str | None = None
    effect: str | None = None
    intent_seq: int | None = None
    is_unbroken: bool = False
