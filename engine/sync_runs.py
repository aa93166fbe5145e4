"""Runs of the sync that feeds customers and subscriptions into Lago, as the billing console shows them. Floor 1."""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from engine.facts import Fact, OneOf


def _in_utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _as_texts(value: Any) -> Any:
    if value is None:
        return ()
    if isinstance(value, list | tuple):
        return tuple(item if isinstance(item, str) else repr(item) for item in value)
    return value


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Moment = Annotated[datetime, AfterValidator(_in_utc)]


class SyncRun(Fact):
    """One sync run (`GET /api/admin/sync/status`). `status` is running, completed, failed or a newer word.

    An error that is no text is kept as its representation: that there was one is what counts. Errors stay out of the
    journal, since they may quote anything.
    """

    model_config = ConfigDict(populate_by_name=True)

    CLEAR: ClassVar[tuple[str, ...]] = ("id", "started_at", "completed_at", "status")

    id: Annotated[str, BeforeValidator(_as_text)]
    started_at: Moment = Field(alias="startedAt")
    completed_at: Moment | None = Field(default=None, alias="completedAt")
    status: Annotated[str, OneOf("running", "completed", "failed")]
    errors: Annotated[tuple[str, ...], BeforeValidator(_as_texts)] = ()

    def summary(self) -> str:
        """Status and when it ended."""
        ended = f", {self.completed_at:%Y-%m-%d %H:%M} UTC" if self.completed_at else ""
        return f"run {self.id}, {self.status}{ended}"


class LatestSync(Fact):
    """The newest sync run, absent where there is none. `source` says where it was read, without any secret."""

    CLEAR: ClassVar[tuple[str, ...]] = ("run", "source")

    run: SyncRun | None = None
    source: str

    def summary(self) -> str:
        """The run in one line."""
        return self.run.summary() if self.run else f"no sync run ({self.source})"
