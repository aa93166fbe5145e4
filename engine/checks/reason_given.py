"""`reason_given`: whoever runs this says why, in words that somebody else understands later. Floor 3.

Passes when the reason has `at_least` letters and digits, ten without it, and not the same few over and over.
Warns never.
Denies when it says less than that.
Why: Whoever reads the journal in a year asks why first. The verdict keeps the reason beside everything else.

```yaml
- {id: why, check: reason_given, with: {reason: "${inputs.reason}", at_least: 10}}
```

```text
DENY  `ok` says too little
      Say in a few words why, so that somebody else understands it in a
      year.
```
"""

from __future__ import annotations

from pydantic import Field

from engine.checks.base import Check, Here, Params, Verdict, denied, passed


class ReasonGiven(Params):
    """The reason."""

    reason: str = Field(description="why this is done; it stands in the journal, so it names no person")
    at_least: int = Field(default=10, ge=1, description="how many letters and digits make a reason")


def judge(params: ReasonGiven, here: Here) -> Verdict:
    """Deny a reason that says nothing: fewer letters and digits than `at_least`, or one of them over and over."""
    said = " ".join(params.reason.split())
    letters = [letter for letter in said.lower() if letter.isalnum()]
    if len(letters) < params.at_least or len(set(letters)) < min(4, params.at_least):
        return denied(
            f"`{said[:80]}` says too little", "Say in a few words why, so that somebody else understands it in a year."
        )
    return passed(f"the reason given: {said[:400]}")


CHECK = Check(name="reason_given", title="A reason is given", Params=ReasonGiven, judge=judge)
