"""The plan: facts seen, requests meant, verdicts and figures, as canonical JSON with a digest. Used once, and it expires.

Floor 3. It holds nothing that may not stand in the journal: of a fact what the fact allows in clear, of a key nothing.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from engine.errors import Invalid, Stale, UsageFault
from engine.files import strict_json
from engine.files.strict_json import Part
from engine.values import canonical, digest, iso, jsonable, show_duration

MOST_BYTES = 32 * 1024 * 1024
VALID_FOR = timedelta(hours=4)
LONGEST_VALID = timedelta(days=30)
# A plan that says it was made later than this machine's present by more than this comes from a clock that is wrong.
SKEW = timedelta(minutes=5)

Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
Word = Annotated[str, StringConstraints(min_length=1, max_length=400)]


class Maker(Part):
    """The operator who made the plan, as a run records its operator."""

    id: Word
    roles: tuple[str, ...]
    os_account: Word
    how: str


class Which(Part):
    """The runbook that was planned: its name, version and the digest of its file."""

    name: Word
    version: int
    digest: Word


class Seen(Part):
    """What a step learned: its requests, when, and what may be told of it. `same_as` names another step's that it is."""

    kind: Word
    requests: tuple[str, ...] = ()
    at: AwareDatetime | None = None
    digest: Digest
    values: dict[str, Any] | None = None
    same_as: Word | None = None


class Meant(Part):
    """A request that applying the plan sends."""

    step: Word
    effect: Literal["write", "one-way"]
    request: Word


class Judgement(Part):
    """A check's verdict."""

    step: Word
    check: Word
    verdict: Literal["pass", "warn"]
    message: str
    fix: str = ""
    more: tuple[str, ...] = ()


class Lifted(Part):
    """An override that was asked for: the policy, and why."""

    policy: Word
    reason: Word


def _one_each(plan: dict[str, Seen]) -> dict[str, Seen]:
    for name, seen in plan.items():
        target = plan.get(seen.same_as) if seen.same_as else None
        if (seen.values is None) == (target is None):
            raise ValueError(f"`{name}` needs `values`, or the name of a fact that has them")
        if target is not None and target.digest != seen.digest:
            raise ValueError(f"`{name}` is not the fact that it names")
        if seen.values is not None and digest(seen.values) != seen.digest:
            raise ValueError(f"the digest of `{name}` is not that of its values")
    return plan


class Plan(Part):
    """One plan. Times are UTC; `inputs` are as typed; `expected` is the customer that a consent has to name.

    `reach` says whether the draft was refreshed for it. `decisions` are what the policies said, `overrides` which of them
    were to be lifted and why.
    """

    v: Literal[1]
    type: Literal["runbook.plan"]
    made_at: AwareDatetime
    expires_at: AwareDatetime
    made_by: Maker
    run: Word
    version: str
    clock: str | None = None
    environment: Word
    target: Word
    runbook: Which
    extensions: tuple[dict[str, Any], ...] = ()
    inputs: dict[str, str]
    reach: Literal["read", "write"]
    subject: Word
    expected: Word
    facts: Annotated[dict[str, Seen], AfterValidator(_one_each)]
    requests: tuple[Meant, ...]
    preview: dict[str, Any]
    verdicts: tuple[Judgement, ...]
    decisions: tuple[dict[str, Any], ...] = ()
    overrides: tuple[Lifted, ...] = ()
    figures: dict[str, Any]
    figures_digest: Digest
    digest: Annotated[Digest, Field(description="SHA-256 of the canonical JSON of everything else")]

    @classmethod
    def of(cls, **parts: Any) -> Plan:
        """Make a plan of its parts. Raises TypeError for what has no place in canonical JSON."""
        draft = cls.model_validate_json(canonical({**parts, "v": 1, "type": "runbook.plan", "digest": _NONE}))
        return draft.model_copy(update={"digest": digest(draft.content())})

    def content(self) -> dict[str, Any]:
        """Everything but the digest, as it stands in the file: what the digest is of. What is empty by default is left out."""
        data: dict[str, Any] = jsonable(self.model_dump(exclude_none=True, exclude_defaults=True))
        del data["digest"]
        return data

    def as_data(self) -> dict[str, Any]:
        """The whole plan as it stands in its file."""
        return {**self.content(), "digest": self.digest}

    @property
    def mark(self) -> str:
        """The subject under which the journal keeps everything about it."""
        return f"plan:{self.digest}"

    @property
    def short(self) -> str:
        """The beginning of its digest, enough to compare by eye."""
        return self.digest.removeprefix("sha256:")[:12]

    @property
    def warned(self) -> tuple[Judgement, ...]:
        """The checks that warned."""
        return tuple(one for one in self.verdicts if one.verdict == "warn")

    def values_of(self, step: str) -> Mapping[str, Any]:
        """What the fact of a step holds in clear. Raises KeyError."""
        seen = self.facts[step]
        return self.facts[seen.same_as].values or {} if seen.same_as else seen.values or {}

    def replan(self, flags: Collection[str]) -> str:
        """The command that plans the same anew; `flags` are the inputs without a value of their own."""
        words = ["runbook", "plan", self.runbook.name]
        for name, text in self.inputs.items():
            words += ["--" + name.replace("_", "-"), *([] if name in flags else [text])]
        for one in self.overrides:
            words += ["--override", one.policy, "--reason", one.reason]
        return shlex.join([*words, *(["--refresh"] if self.reach == "write" else [])])

    def require_current(self, now: datetime) -> None:
        """Raise Stale when it has expired, or was made by a clock that is ahead of this one."""
        if now >= self.expires_at:
            raise Stale(f"the plan expired {show_duration(now - self.expires_at)} ago, at {iso(self.expires_at)[:19]}Z")
        if self.made_at > now + SKEW:
            ahead = show_duration(self.made_at - now)
            raise Stale(f"the plan says that it was made {ahead} from now: one of the clocks is wrong")


_NONE = "sha256:" + "0" * 64


class Bond(Part):
    """What a run that applies a plan keeps of it in its first record, and what approvals of the plan are held against.

    `rejecters` are the roles that may reject it.
    """

    digest: Digest
    figures_digest: Digest
    made_by: Word
    made_at: AwareDatetime
    expires_at: AwareDatetime
    rejecters: tuple[str, ...] = ()

    @classmethod
    def of(cls, plan: Plan, rejecters: Iterable[str]) -> Bond:
        """The bond of a plan."""
        return cls(
            digest=plan.digest,
            figures_digest=plan.figures_digest,
            made_by=plan.made_by.id,
            made_at=plan.made_at,
            expires_at=plan.expires_at,
            rejecters=tuple(sorted(set(rejecters))),
        )

    @property
    def mark(self) -> str:
        """The subject under which the journal keeps everything about the plan."""
        return f"plan:{self.digest}"

    def as_data(self) -> dict[str, Any]:
        """For a record."""
        data: dict[str, Any] = jsonable(self.model_dump())
        return data


def read(path: Path) -> Plan:
    """Read a plan file strictly. Raises UsageFault (it cannot be read), Invalid (all that is wrong with it)."""
    plan = strict_json.read(path, Plan, "a plan", MOST_BYTES)
    if digest(plan.figures) != plan.figures_digest:
        raise Invalid(f"{path} contradicts itself: the figures in it are not those of its `figures_digest`")
    if not plan.made_at < plan.expires_at <= plan.made_at + LONGEST_VALID:
        raise Invalid(f"{path} contradicts itself: it expires before it was made, or more than 30 days later")
    return plan


def is_plan(path: Path) -> bool:
    """Whether there is a plan in this file, so that a newer one may take its place."""
    try:
        read(path)
    except (Invalid, UsageFault):
        return False
    return True
