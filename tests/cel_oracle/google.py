"""The oracle's process: a block of expressions a line in, their outcomes a line out, until the input ends.

It needs Python 3.12 or newer with `cel-expr-python` (on 3.11 that package aborts the interpreter after some thousand nulls) and
runs as `python -m cel_oracle.google`, knowing nothing of ours but `plain.py` beside it. A block is
`{"names": {"total": "int"}, "values": {"total": 5}, "texts": ["total > 1"]}`; an outcome is `{"is": true}`,
`{"refused": "..."}` before it was evaluated, `{"failed": "..."}` after that, or `{"outside": "uint"}`, a value of a type that
ours has not.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from cel_expr_python import cel

from cel_oracle.plain import plain, value


def type_of(shape: Any) -> Any:
    """The oracle's own type. A record is a map to it: of messages a missing number would be 0."""
    scalars = {
        "bool": cel.Type.BOOL,
        "int": cel.Type.INT,
        "double": cel.Type.DOUBLE,
        "string": cel.Type.STRING,
        "null": cel.Type.NULL,
        "timestamp": cel.Type.TIMESTAMP,
        "duration": cel.Type.DURATION,
    }
    if isinstance(shape, str):
        return scalars[shape]
    kind = shape[0]
    if kind == "list":
        return cel.Type.List(type_of(shape[1]))
    if kind == "map":
        return cel.Type.Map(cel.Type.STRING, type_of(shape[1]))
    if kind == "record":
        return cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
    return cel.Type.STRING if kind == "words" else cel.Type.DYN


def outcome(env: Any, text: str, values: dict[str, Any]) -> dict[str, Any]:
    """What the oracle makes of one expression. Most errors of evaluation are values to it."""
    try:
        program = env.compile(text)
    except RuntimeError as error:
        return {"refused": str(error).split("\n")[0]}
    try:
        found = program.eval(data=values)
    except RuntimeError as error:  # what it finds out before it begins: a key written twice
        return {"failed": str(error)}
    if found.type() == cel.Type.ERROR:
        return {"failed": str(found.value())}
    if found.type() in (cel.Type.UINT, cel.Type.BYTES, cel.Type.TYPE):
        return {"outside": found.type().name()}
    return {"is": plain(found.plain_value())}


def main() -> None:
    """Answer until there is nothing more to answer."""
    for line in sys.stdin:
        block = json.loads(line)
        env = cel.NewEnv(variables={name: type_of(shape) for name, shape in block["names"].items()})
        values = {name: value(told) for name, told in block["values"].items()}
        sys.stdout.write(json.dumps([outcome(env, text, values) for text in block["texts"]]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
