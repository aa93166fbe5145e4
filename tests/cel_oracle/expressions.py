"""Random typed expressions: for a wanted type one of the ways to come by it, down to what is read or written out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import ClassVar

from cel_oracle.conversions import conversion, getter
from cel_oracle.literals import DOUBLES, a_number, a_word, written_int
from cel_oracle.scopes import Scope
from cel_oracle.shapes import Shape, can_be_ordered
from cel_oracle.trees import Level, Tree
from cel_oracle.writing import Writing

SCALARS = ("bool", "int", "int", "string", "string", "double", "timestamp", "duration")
VARIABLES = ("e", "f", "k", "v", "x", "invoice", "total")
ARITHMETIC: dict[str, tuple[tuple[str, Level], ...]] = {
    "int": (("+", Level.SUM), ("-", Level.SUM), ("*", Level.PRODUCT), ("/", Level.PRODUCT), ("%", Level.PRODUCT)),
    "double": (("+", Level.SUM), ("-", Level.SUM), ("*", Level.PRODUCT), ("/", Level.PRODUCT)),
    "string": (("+", Level.SUM),),
    "duration": (("+", Level.SUM), ("-", Level.SUM)),
}


class Expressions(Writing):
    """Expressions out of one source of chance. `slips` is how often a part is of another type than it should be."""

    def __init__(self, rng: Random, slips: float = 0.0) -> None:
        """Nothing is kept between two expressions but the state of `rng`."""
        super().__init__(rng)
        self.slips = slips

    def any(self, scope: Scope, depth: int) -> Tree:
        """An expression, of a truth in half of the cases: that is what a policy is made of."""
        return self.of("bool" if self.rng.random() < 0.5 else self.shape(scope), scope, depth)

    def shape(self, scope: Scope, depth: int = 1) -> Shape:
        """A type that something can be made of."""
        roll = self.rng.random()
        if depth and roll < 0.15:
            return ("list", self.shape(scope, depth - 1))
        if depth and roll < 0.22:
            return ("map", self.shape(scope, depth - 1))
        read = self.rng.choice(scope.reads).shape
        return read if roll < 0.5 and read[0] not in ("nullable", "words") else self.rng.choice(SCALARS)

    def of(self, shape: Shape, scope: Scope, depth: int) -> Tree:
        """An expression of this type."""
        if self.slips and self.rng.random() < self.slips:
            shape = self.shape(scope)
        if depth <= 0 or self.rng.random() < 0.08 or not self._can_be_made(shape, scope):
            return self.leaf(shape, scope)
        roll = self.rng.random()
        if roll < 0.05:
            return self._made(shape, Level.MEMBER, "(", self.of(shape, scope, depth - 1), ")", needs=Level.TERNARY)
        if roll < 0.12:
            return self._ternary(shape, scope, depth)
        if roll < 0.18 and (guarded := self._guarded_choice(shape, scope, depth)):
            return guarded
        if roll < 0.26 and (taken := self._taken(shape, scope, depth)):
            return taken
        kind = shape if isinstance(shape, str) else shape[0]
        ways = self._WAYS.get(kind)
        return self.rng.choice(ways)(self, shape, scope, depth) if ways else self.leaf(shape, scope)

    def leaf(self, shape: Shape, scope: Scope) -> Tree:
        """Something that is read, or a value that is written out."""
        reads = scope.of(shape)
        if shape == "bool" and scope.latest and self.rng.random() < 0.6:
            near = [one for one in scope.reads if one.text.split(".")[0] == scope.latest and can_be_ordered(one.shape)]
            if near:
                one = self.rng.choice(near)
                return self.infix(
                    "bool", Level.RELATION, one, self.rng.choice(("==", "!=", "<", ">=")), self.leaf(one.shape, scope)
                )
        if reads and self.rng.random() < 0.7:
            return self.rng.choice(reads)
        kind = shape if isinstance(shape, str) else shape[0]
        if kind == "int":
            number = a_number(self.rng)
            return Tree(shape, Level.UNARY if number < 0 else Level.MEMBER, (written_int(self.rng, number),))
        if kind == "double":
            written = self.rng.choice(DOUBLES)
            return Tree(shape, Level.UNARY if written[0] == "-" else Level.MEMBER, (written,))
        if kind in ("timestamp", "duration"):
            return conversion(self, kind, scope, 0)
        if kind == "list":
            count = self.rng.choice((0, 1, 2, 3)) if self._can_be_made(shape, scope) else 0
            return self._listed(shape, "[", [self.leaf(shape[1], scope) for _ in range(count)], "]")
        if kind == "map":
            count = self.rng.choice((0, 1, 2)) if self._can_be_made(shape, scope) else 0
            keys = dict.fromkeys(a_word(self.rng) for _ in range(count))
            return self._mapped(
                shape,
                [(self.of("string", scope, 0) if self.rng.random() < 0.1 else self._word(key)) for key in keys],
                scope,
            )
        if kind == "string":
            return self._word(a_word(self.rng))
        if kind == "words":
            return self._word(self.rng.choice(shape[2]))
        if kind == "bool":
            if self.rng.random() < 0.6:
                of = self.rng.choice(("int", "string"))
                return self.infix(
                    "bool",
                    Level.RELATION,
                    self.leaf(of, scope),
                    self.rng.choice(("==", "<", ">=")),
                    self.leaf(of, scope),
                )
            return Tree(shape, Level.MEMBER, (self.rng.choice(("true", "false")),))
        if reads:
            return self.rng.choice(reads)
        held = [one for one in scope.kind("list") if one.shape[1] == shape]
        if held:
            return Tree(shape, Level.MEMBER, ("", "[0]"), (self.rng.choice(held),), (Level.MEMBER,))
        return Tree("null", Level.MEMBER, ("null",))

    def _can_be_made(self, shape: Shape, scope: Scope) -> bool:
        """Whether there is something to make it of: a record cannot be written out."""
        while shape[0] in ("list", "map"):
            shape = shape[1]
        return shape[0] != "record" or any(one.shape in (shape, ("list", shape)) for one in scope.reads)

    def _mapped(self, shape: Shape, keys: list[Tree], scope: Scope, depth: int = 0) -> Tree:
        parts = [one for key in keys for one in (key, self.of(shape[1], scope, depth))]
        if not parts:
            return Tree(shape, Level.MEMBER, ("{}",))
        between = [": " if number % 2 == 0 else ", " for number in range(len(parts) - 1)]
        return Tree(shape, Level.MEMBER, ("{", *between, "}"), tuple(parts), (Level.TERNARY,) * len(parts))

    def _ternary(self, shape: Shape, scope: Scope, depth: int) -> Tree:
        parts = (self.of("bool", scope, depth - 1), self.of(shape, scope, depth - 1), self.of(shape, scope, depth - 1))
        return Tree(shape, Level.TERNARY, ("", " ? ", " : ", ""), parts, (Level.OR, Level.OR, Level.TERNARY))

    def _guarded_choice(self, shape: Shape, scope: Scope, depth: int) -> Tree | None:
        maybe = scope.kind("nullable")
        if not maybe:
            return None
        path = self.rng.choice(maybe)
        there, without = self.of(shape, scope.knowing(path.text), depth - 1), self.of(shape, scope, depth - 1)
        sign, first, second = ("!=", there, without) if self.rng.random() < 0.6 else ("==", without, there)
        pieces = ("", f" {sign} null ? ", " : ", "")
        return Tree(shape, Level.TERNARY, pieces, (path, first, second), (Level.RELATION, Level.OR, Level.TERNARY))

    def _taken(self, shape: Shape, scope: Scope, depth: int) -> Tree | None:
        """One out of a list or a map that holds this type: by an index or a key that may not be there."""
        held = [one for one in scope.kind("list", "map") if one.shape[1] == shape]
        if not held or self.rng.random() < 0.2:
            of: Shape = ("list", shape) if self.rng.random() < 0.6 else ("map", shape)
            held = [self.of(of, scope, depth - 1)]
        on = self.rng.choice(held)
        if on.text == "[]":  # an element of nothing has no type by which the oracle could go on
            on = self._listed(on.shape, "[", [self.leaf(shape, scope)], "]")
        elif on.text == "{}":
            on = self._mapped(on.shape, [self._word("a")], scope)
        if on.shape[0] == "map":
            if self.rng.random() < 0.2:
                return Tree(
                    shape,
                    Level.MEMBER,
                    ("", f".{self.rng.choice(('EUR', 'USD', 'a', 'b', 'size'))}"),
                    (on,),
                    (Level.MEMBER,),
                )
            key = (
                self._word(self.rng.choice(("EUR", "USD", "a", "b", "é")))
                if self.rng.random() < 0.6
                else self.of("string", scope, depth - 1)
            )
            return Tree(shape, Level.MEMBER, ("", "[", "]"), (on, key), (Level.MEMBER, Level.TERNARY))
        number = Tree("int", Level.MEMBER, (str(self.rng.choice((0, 0, 0, 1, 2, 5, -1))),))
        index = number if self.rng.random() < 0.7 else self.of("int", scope, depth - 1)
        return Tree(shape, Level.MEMBER, ("", "[", "]"), (on, index), (Level.MEMBER, Level.TERNARY))

    # How to come by a truth.

    def _compared(self, shape: Shape, scope: Scope, depth: int) -> Tree:
        of = self.shape(scope)
        signs = ("==", "!=", "<", "<=", ">", ">=") if can_be_ordered(of) else ("==", "!=")
        left, right = self.of(of, scope, depth - 1), self.of(of, scope, depth - 1)
        return self.infix("bool", Level.RELATION, left, self.rng.choice(signs), right)

    def _worded(self, shape: Shape, scope: Scope, depth: int) -> Tree:
        words = scope.kind("words")
        if not words:
            return self._compared(shape, scope, depth)
        path = self.rng.choice(words)
        if self.rng.random() < 0.3:
            listed = self._listed(
                ("list", path.shape), "[", [self._word(one) for one in self.rng.sample(path.shape[2], 2)], "]"
            )
            return self.infix("bool", Level.RELATION, path, "in", listed)
        return self.infix(
            "bool", Level.RELATION, path, self.rng.choice(("==", "!=")), self._word(self.rng.choice(path.shape[2]))
        )

    def _joined(self, shape: Shape, scope: Scope, depth: int) -> Tree:
        sign, level = self.rng.choice((("&&", Level.AND), ("||", Level.OR)))
        tree = self.infix("bool", level, self.of("bool", scope, depth - 1), sign, self.of("bool", scope, depth - 1))
        for _ in range(self.rng.choice((0, 0, 0, 1, 2))):
            tree = self.infix("bool", level, tree, sign, self.of("bool", scope, depth - 2))
        return tree

    def _negated(self, shape: Shape, scope: Scope, depth: int) -> Tree:
        return self._made(
            "bool",
            Level.UNARY,
            self.rng.choice(("!", "!", "!", "!!", "! ")),
            self.of("bool", scope, depth - 1),
            "",
            Level.MEMBER,
        )

    def _contained(self, shape: Shape, scope: Scope, depth: int) -> Tree:
        held = scope.kind("list", "map")
        if held and self.rng.random() < 0.6:
            within = self.rng.choice(held)
        else:
            within = self.of((self.rng.choice(("list", "list", "map")), self.shape(scope, 0)), scope, depth - 1)
        if isinstance(within.shape, str):  # a slip
            return self._compared(shape, scope, depth)
        looked_for = "string" if within.shape[0] == "map" else within.shape[1]
        return self.infix("bool", Level.RELATION, self.of(looked_for, scope, depth - 1), "in", within)

    def _has(self, shape: Shape, scope: Scope, depth: int) -> Tree:
        records = scope.kind("record", "map")
        if not records:
            return self._compared(shape, scope, depth)
        on = self.rng.choice(records)
        if on.shape[0] == "map":
            name = self.rng.choice(("EUR", "USD", "a", "b", "size"))
            return self._made("bool", Level.MEMBER, "has(", on, f".{name})", Level.MEMBER)
        name, shape = self.rng.choice(on.shape[2])
        return self.has(on, name, shape[0] == "nullable")

    def has(self, on: Tree, name: str, may_be_null: bool) -> Tree:
        """`has(record.name)`. What is null is not there in a record; to the oracle it is a map, in which it is."""
        asked = ("(", f".{name} != null)") if may_be_null else ()
        return Tree("bool", Level.MEMBER, ("has(", f".{name})"), (on,), (Level.MEMBER,), asked)

    def _asked_for_null(self, shape: Shape, scope: Scope, depth: int) -> Tree:
        maybe = scope.kind("nullable")
        if not maybe:
            return self._joined(shape, scope, depth)
        path = self.rng.choice(maybe)
        known = scope.knowing(path.text)
        null = Tree("null", Level.MEMBER, ("null",))
        is_null, is_there = (self.infix("bool", Level.RELATION, path, sign, null) for sign in ("==", "!="))
        if "." in path.text and self.rng.random() < 0.25:
            on, name = path.text.rsplit(".", 1)
            is_there = self.has(Tree("record", Level.MEMBER, (on,)), name, may_be_null=True)
        roll = self.rng.random()
        if roll < 0.15:
            return self.rng.choice((is_null, is_there, self.infix("bool", Level.RELATION, null, "==", path)))
        if roll < 0.6:
            return self.infix("bool", Level.AND, is_there, "&&", self.of("bool", known, depth - 1))
        return self.infix("bool", Level.OR, is_null, "||", self.of("bool", known, depth - 1))

    def _said(self, scope: Scope, depth: int) -> Tree:
        """A string to look into, which may be a word out of a set."""
        words = scope.kind("words")
        return self.rng.choice(words) if words and self.rng.random() < 0.2 else self.of("string", scope, depth - 1)

    def _quantified(self, shape: Shape, scope: Scope, depth: int) -> Tree:
        on = self._walked(scope, depth)
        name = self.rng.choice(VARIABLES)
        inner = scope.bound(name, "string" if on.shape[0] == "map" else on.shape[1])
        macro = self.rng.choice(("all", "all", "exists", "exists", "exists_one"))
        return self._macro("bool", macro, on, name, self.of("bool", inner, depth - 1))

    def _searched(self, shape: Shape, scope: Scope, depth: int) -> Tree:
        on, name = self._said(scope, depth), self.rng.choice(("startsWith", "endsWith", "contains"))
        return self.method("bool", on, name, self.of("string", scope, depth - 1))

    # How to come by the others.

    def _reckoned(self, shape: Shape, scope: Scope, depth: int) -> Tree:
        sign, level = self.rng.choice(ARITHMETIC[str(shape)])
        tree = self.infix(shape, level, self.of(shape, scope, depth - 1), sign, self.of(shape, scope, depth - 1))
        neutral = {"string": "'' + ", "double": "-0.0 + " if level == Level.SUM else "1.0 * "}
        return tree if self.slips else self._asked_with(tree, neutral.get(str(shape)))

    def _minus(self, shape: Shape, scope: Scope, depth: int) -> Tree:
        sign, inner = self.rng.choice(("-", "-", "-", "- ", "--")), self.of(shape, scope, depth - 1)
        tree = self._made(shape, Level.UNARY, sign, inner, "", Level.MEMBER)
        if shape == "double" and not self.slips and not inner.text.replace(".", "").isalnum():
            # Of a field, whose type it does not know, the oracle takes the negative for an int.
            tree = replace(tree, asked=("(-1.0 * ", ")") if sign != "--" else ("(", ")"))
        return tree

    def _size(self, shape: Shape, scope: Scope, depth: int) -> Tree:
        on = self._said(scope, depth) if self.rng.random() < 0.3 else self._walked(scope, depth)
        if (
            on.shape[0] == "map" and self.rng.random() < 0.4
        ):  # in which order a map is walked is nobody's promise: only how many come out
            on = self._walk(("list", self.shape(scope, 0)), on, scope, depth)
        return self.method("int", on, "size") if self.rng.random() < 0.4 else self.call("int", "size", on)

    def _got(self, shape: Shape, scope: Scope, depth: int) -> Tree:
        return getter(self, scope, depth)

    def _converted(self, shape: Shape, scope: Scope, depth: int) -> Tree:
        return conversion(self, str(shape), scope, depth)

    def _moved(self, shape: Shape, scope: Scope, depth: int) -> Tree:
        moment, span = self.of("timestamp", scope, depth - 1), self.of("duration", scope, depth - 1)
        if self.rng.random() < 0.25:
            return self.infix("timestamp", Level.SUM, span, "+", moment)
        return self.infix("timestamp", Level.SUM, moment, self.rng.choice("+-"), span)

    def _between(self, shape: Shape, scope: Scope, depth: int) -> Tree:
        return self.infix(
            "duration", Level.SUM, self.of("timestamp", scope, depth - 1), "-", self.of("timestamp", scope, depth - 1)
        )

    def _list(self, shape: Shape, scope: Scope, depth: int) -> Tree:
        return self._listed(
            shape, "[", [self.of(shape[1], scope, depth - 1) for _ in range(self.rng.choice((0, 1, 1, 2, 3)))], "]"
        )

    def _chained(self, shape: Shape, scope: Scope, depth: int) -> Tree:
        tree = self.infix(shape, Level.SUM, self.of(shape, scope, depth - 1), "+", self.of(shape, scope, depth - 1))
        return tree if self.slips else self._asked_with(tree, "[] + ")

    def _filtered(self, shape: Shape, scope: Scope, depth: int) -> Tree:
        on, name = self.of(shape, scope, depth - 1), self.rng.choice(VARIABLES)
        return self._macro(shape, "filter", on, name, self.of("bool", scope.bound(name, shape[1]), depth - 1))

    def _walked_through(self, shape: Shape, scope: Scope, depth: int) -> Tree:
        lists = scope.kind("list")
        on = self.rng.choice(lists) if lists else self.of(("list", self.shape(scope, 0)), scope, depth - 1)
        return self.leaf(shape, scope) if isinstance(on.shape, str) else self._walk(shape, on, scope, depth)

    def _walk(self, shape: Shape, on: Tree, scope: Scope, depth: int) -> Tree:
        name = self.rng.choice(VARIABLES)
        if not self._can_be_made(shape[1], scope.bound(name, "int")):  # it would hide what the result is made of
            name = "v_"
        inner = scope.bound(name, "string" if on.shape[0] == "map" else on.shape[1])
        given = [self.of("bool", inner, depth - 1)] if self.rng.random() < 0.3 else []
        return self._macro(shape, "map", on, name, *given, self.of(shape[1], inner, depth - 1))

    def _map(self, shape: Shape, scope: Scope, depth: int) -> Tree:
        keys = dict.fromkeys(a_word(self.rng) for _ in range(self.rng.choice((0, 1, 2, 3))))
        written = [self._word(key) for key in keys]
        if written and self.rng.random() < 0.1:
            written[0] = self.of("string", scope, depth - 1)
        return self._mapped(shape, written, scope, depth - 1)

    def _walked(self, scope: Scope, depth: int) -> Tree:
        """A list or a map to go through."""
        held = scope.kind("list", "list", "map")
        if held and self.rng.random() < 0.75:
            return self.rng.choice(held)
        found = self.of((self.rng.choice(("list", "list", "map")), self.shape(scope, 0)), scope, depth - 1)
        return (
            found
            if not isinstance(found.shape, str)
            else Tree(("list", found.shape), Level.MEMBER, ("[", "]"), (found,), (Level.TERNARY,))
        )

    _WAYS: ClassVar[dict[str, list[Callable[[Expressions, Shape, Scope, int], Tree]]]] = {
        "bool": [
            *[_compared, _compared, _compared, _worded, _joined, _joined, _joined, _negated, _contained, _has],
            *[_asked_for_null, _quantified, _quantified, _quantified, _searched],
        ],
        "int": [_reckoned, _reckoned, _reckoned, _minus, _size, _size, _got, _got, _converted],
        "double": [_reckoned, _reckoned, _reckoned, _minus],
        "string": [_reckoned, _reckoned, _converted],
        "timestamp": [_moved, _moved, _converted],
        "duration": [_reckoned, _between, _between, _converted],
        "list": [_list, _list, _chained, _filtered, _walked_through, _walked_through],
        "map": [_map],
    }
