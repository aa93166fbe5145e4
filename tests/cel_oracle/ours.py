"""What our language makes of an expression, in the same plain form as the oracle's outcome."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cel_oracle.facts import Facts
from cel_oracle.plain import plain, value
from cel_oracle.shapes import type_of
from engine import cel
from engine.cel import types

BETWEEN = " ;; "
"""What stands between the messages of one refusal."""


class Ours:
    """Our side, for one set of facts."""

    def __init__(self, facts: Facts) -> None:
        """Make types and values once for all expressions over them."""
        self.names = {name: type_of(shape) for name, shape in facts.names.items()}
        self.values = {name: value(told) for name, told in facts.values.items()}

    def outcome(self, text: str) -> dict[str, Any]:
        """`is`, `refused`, `failed` or `over`; `broken`, which agrees with nothing, when one of our promises is."""
        try:
            program = cel.compile(text, self.names)
            found = program.evaluate(self.values)
        except cel.Uncompiled as error:
            return {"refused": BETWEEN.join(problem.message for problem in error.problems)}
        except cel.Failed as error:
            return {"failed": error.message}
        except cel.OverBudget:
            return {"over": True}
        except Exception as error:
            return {"broken": f"{type(error).__name__}: {error}"}
        return {"is": plain(found)} if conforms(found, program.type) else {"broken": f"{found!r} is no {program.type}"}


def conforms(found: Any, kind: types.Type) -> bool:
    """Whether a value is of a type: the promise of whatever compiled."""
    match kind:
        case types.ListOf(element):
            return isinstance(found, list | tuple) and all(conforms(one, element) for one in found)
        case types.MapOf(inner):
            return isinstance(found, dict) and all(
                isinstance(key, str) and conforms(one, inner) for key, one in found.items()
            )
        case types.Nullable(inner):
            return found is None or conforms(found, inner)
        case types.Words(_, words):
            return found in words
        case types.Record(_, fields):
            return isinstance(found, dict) and all(conforms(found[name], one) for name, one in fields.items())
    return isinstance(kind, types.Plain) and type(found) is _PYTHON[kind]


_PYTHON = {
    types.BOOL: bool,
    types.INT: int,
    types.DOUBLE: float,
    types.STRING: str,
    types.NULL: type(None),
    types.TIMESTAMP: datetime,
    types.DURATION: timedelta,
}
