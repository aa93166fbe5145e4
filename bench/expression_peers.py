"""One condition in several engines: ours, Google's CEL by three ways to hand it facts, cel-python, and CEL in Rust.

Run as a file by `expressions.py`, in a virtual environment that has some of the others or none: it prints one JSON document.
Every engine is handed facts in the form that it likes best, made beforehand; making them is none of what is measured.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

sys.path[0] = str(Path(__file__).parent.parent)  # the project, in place of this folder

from engine import cel as our_cel
from engine.cel.types import INT, STRING, ListOf, Record

TEXT = (
    'invoice.status == "draft" && size(invoice.fees) > 0 && '
    "invoice.fees.all(f, f.amount_cents >= 0 && f.amount_currency == invoice.currency) && invoice.total_amount_cents <= limit"
)
FEW, MANY = 20, 9_999  # the most fees that Google's goes through
LIMIT = 10**9
OURS = "ours"


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine: how it compiles the condition, and for a number of fees how it evaluates what was compiled."""

    name: str
    compiles: Callable[[], Any]
    evaluates: Callable[[int], Callable[[], Any]]


def facts(fees: int) -> dict[str, Any]:
    """An invoice on which all of the condition is evaluated, and holds."""
    each = {"amount_cents": 100, "amount_currency": "EUR"}
    return {
        "status": "draft",
        "currency": "EUR",
        "total_amount_cents": 100 * fees,
        "fees": [dict(each) for _ in range(fees)],
    }


def ours() -> Iterator[Engine]:
    """This project's."""
    fee = Record("Fee", {"amount_cents": INT, "amount_currency": STRING})
    fields = {"status": STRING, "currency": STRING, "total_amount_cents": INT, "fees": ListOf(fee)}
    names = {"invoice": Record("Invoice", fields), "limit": INT}
    program = our_cel.compile(TEXT, names)

    def evaluates(fees: int) -> Callable[[], Any]:
        values = {"invoice": facts(fees), "limit": LIMIT}
        return lambda: program.evaluate(values)

    yield Engine(OURS, lambda: our_cel.compile(TEXT, names), evaluates)


def google() -> Iterator[Engine]:
    """Google's C++ CEL: facts as dicts, as dicts bound once, and as a message bound once, which is its own form."""
    from cel_expr_python import cel

    kinds = cel.Type
    env = cel.NewEnv(variables={"invoice": kinds.Map(kinds.STRING, kinds.DYN), "limit": kinds.INT})
    program = env.compile(TEXT)
    pool, message = _message()
    typed = cel.NewEnv(
        descriptor_pool=pool, variables={"invoice": kinds(message.DESCRIPTOR.full_name), "limit": kinds.INT}
    )
    checked = typed.compile(TEXT)

    def from_dicts(fees: int) -> Callable[[], Any]:
        values = {"invoice": facts(fees), "limit": LIMIT}
        return lambda: program.eval(data=values).value()

    def bound(fees: int) -> Callable[[], Any]:
        activation = env.Activation({"invoice": facts(fees), "limit": LIMIT})
        return lambda: program.eval(activation=activation).value()

    def from_message(fees: int) -> Callable[[], Any]:
        activation = typed.Activation({"invoice": message(**facts(fees)), "limit": LIMIT})
        return lambda: checked.eval(activation=activation).value()

    yield Engine("cel-expr-python, dicts", lambda: env.compile(TEXT), from_dicts)
    yield Engine("cel-expr-python, bound dicts", lambda: env.compile(TEXT), bound)
    yield Engine("cel-expr-python, bound message", lambda: typed.compile(TEXT), from_message)


def _message() -> tuple[Any, Any]:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="bench.proto", package="bench", syntax="proto3")
    number, text, message = 3, 9, 11
    told = {
        "Fee": [("amount_cents", number), ("amount_currency", text)],
        "Invoice": [("status", text), ("currency", text), ("total_amount_cents", number), ("fees", message)],
    }
    for name, fields in told.items():
        made = file.message_type.add(name=name)
        for place, (field, kind) in enumerate(fields, 1):
            is_fees = kind == message
            made.field.add(
                name=field,
                number=place,
                type=kind,
                label=3 if is_fees else 1,
                type_name=".bench.Fee" if is_fees else None,
            )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool, message_factory.GetMessageClass(pool.FindMessageTypeByName("bench.Invoice"))


def cel_python() -> Iterator[Engine]:
    """CEL in pure Python, by lark."""
    import celpy

    env = celpy.Environment()

    def evaluates(fees: int) -> Callable[[], Any]:
        program = env.program(env.compile(TEXT))
        activation = {"invoice": celpy.json_to_cel(facts(fees)), "limit": celpy.celtypes.IntType(LIMIT)}
        return lambda: program.evaluate(activation)

    yield Engine("cel-python", lambda: env.program(env.compile(TEXT)), evaluates)


def rust() -> Iterator[Engine]:
    """CEL in Rust."""
    import cel

    program = cel.compile(TEXT)

    def evaluates(fees: int) -> Callable[[], Any]:
        values = {"invoice": facts(fees), "limit": LIMIT}
        return lambda: program.execute(values)

    yield Engine("common-expression-language", lambda: cel.compile(TEXT), evaluates)


def timed(call: Callable[[], Any], least: float = 0.002) -> float:
    """Seconds that one call takes, of calls enough to fill `least` seconds."""
    times, taken = 1, 0.0
    while True:
        started = time.perf_counter()
        for _ in range(times):
            call()
        taken = time.perf_counter() - started
        if taken >= least:
            return taken / times
        times = max(times * 2, int(times * least / max(taken, 1e-7)))


def rounds(engines: list[Engine], count: int) -> dict[str, dict[str, dict[str, float]]]:
    """Each engine once a round, in turn, so that a busy moment falls on all of them alike."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for what in ("compile", str(FEW), str(MANY)):
        calls = {one.name: one.compiles if what == "compile" else one.evaluates(int(what)) for one in engines}
        seen: dict[str, list[float]] = {name: [] for name in calls}
        for number in range(count):
            for name, call in calls.items():
                if number and seen[name][0] > 1.0:
                    continue  # who takes seconds is asked once
                if number == 0 and what != "compile":
                    started = time.perf_counter()
                    if call() != True:  # noqa: E712  an engine's own truth; a failure is not equal to it
                        raise RuntimeError(f"{name} says {call()!r} at {what} fees")
                    if (taken := time.perf_counter() - started) > 1.0:
                        seen[name].append(taken)
                        continue
                seen[name].append(timed(call))
        for name, times in seen.items():
            found.setdefault(name, {})[what] = {"least": min(times), "median": median(times)}
    return found


def main() -> None:
    """Measure every engine that is here."""
    engines, versions = [], {}
    for name, those in (
        ("", ours),
        ("cel-expr-python", google),
        ("cel-python", cel_python),
        ("common-expression-language", rust),
    ):
        try:
            engines += list(those())
        except ModuleNotFoundError:
            continue
        if name:
            from importlib.metadata import version

            versions[name] = version(name)
    told = {"python": platform.python_version(), "versions": versions, "engines": rounds(engines, int(sys.argv[1]))}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
