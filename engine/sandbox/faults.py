"""Misbehaviour at the socket, on request: what a network, a gateway or a dying server does to one call. Floor 5."""

from __future__ import annotations

from engine.plain import dataclass

CALLS = ("finalize", "refresh", "void", "reads", "sync")

# What each fault does; `-before` and `-after` say whether the call has taken effect.
FAULTS = {
    "reset-before": "the connection is reset before the call takes effect",
    "reset-after": "the connection is reset after the call took effect",
    "lost-before": "the connection is closed without an answer, before the call takes effect",
    "lost-after": "the connection is closed without an answer, after the call took effect",
    "hang-before": "no answer, and the call never takes effect",
    "hang-after": "no answer, and the call took effect",
    "slow": "the answer comes after 2 seconds",
    "drip-headers": "the answer's headers come a byte at a time",
    "drip-body": "the answer's body comes a byte at a time",
    "truncated": "the answer is cut short",
    "html": "200 with an HTML page, and the call took no effect",
    "foreign": "200 with another invoice, and the call took no effect",
    "429": "429 with Retry-After, and the call took no effect",
    "500-before": "Lago's own 500, and the call took no effect",
    "500-after": "Lago's own 500, and the call took effect",
    "502": "a gateway's 502, and the call took no effect",
    "503-after": "a gateway's 503, and the call took effect",
    "404": "Lago's own 404, and the call took no effect",
    "401": "401: the key is refused",
    "redirect": "a redirect elsewhere",
    "bomb": "an answer of 64 MiB in a few kilobytes of gzip",
}


@dataclass(slots=True)
class Fault:
    """One fault: on the `nth` call of a kind, or on every one (`nth` 0)."""

    call: str
    what: str
    nth: int = 1
    seen: int = 0

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read `finalize:lost-after`, `reads:500-before@3`, `reads:slow@*`. Raises ValueError."""
        call, colon, rest = text.partition(":")
        what, at, nth = rest.partition("@")
        if not colon or call not in CALLS:
            raise ValueError(f"`{text}`: a fault is CALL:FAULT, where CALL is one of {', '.join(CALLS)}")
        if what not in FAULTS:
            raise ValueError(f"`{what}` is no fault; there are {', '.join(FAULTS)}")
        if at and nth != "*" and not (nth.isascii() and nth.isdigit() and int(nth) > 0):
            raise ValueError(f"`{text}`: after @ comes the number of the call, or * for every one")
        return cls(call, what, 0 if nth == "*" else int(nth or 1))

    def strikes(self, call: str) -> bool:
        """Count one call of this kind; whether it is the one."""
        if call != self.call:
            return False
        self.seen += 1
        return self.nth in (0, self.seen)

    @property
    def takes_effect(self) -> bool:
        """Whether the call still reaches the state."""
        return self.what in ("slow", "drip-headers", "drip-body", "truncated", "bomb") or self.what.endswith("-after")
