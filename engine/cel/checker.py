"""The checker: a syntax tree and declared types to a tree that can be evaluated. Every mistake is told, none twice. Floor 1."""

from __future__ import annotations

import operator
from collections.abc import Mapping

from engine.cel import arithmetic, comparing, macros
from engine.cel.calls import called, unguarded
from engine.cel.functions import MACROS
from engine.cel.seen import Known, Seen, Variable, Where, joined, plain, truth, without_null
from engine.cel.shapes import ANY, Origins, Shape, listed, parts, use
from engine.cel.syntax import (
    Call,
    Chain,
    Choice,
    Compare,
    Entries,
    Index,
    Items,
    Literal,
    Logic,
    Name,
    Node,
    Select,
    Unary,
)
from engine.cel.told import Told, meant, some_of
from engine.cel.tree import All, Applied, Choose, Constant, Element, Field, Listed, Mapped, NotNull, Part, Some
from engine.cel.tree import Variable as Read
from engine.cel.types import BOOL, INT, NEVER, NULL, STRING, ListOf, MapOf, Never, Nullable, Record, Type, Words


class Checker:
    """Checks one text. `roots` are the declared names by the frame's entry they are in; entry 0 counts steps."""

    def __init__(self, told: Told, names: Mapping[str, Type]) -> None:
        self.told = told
        self.roots = {name: Shape(name, type_, -1, -1) for name, type_ in names.items()}
        self._first = Where(
            {name: Variable(slot, shape.type, (shape,)) for slot, (name, shape) in enumerate(self.roots.items(), 1)}
        )
        self.slots = 1 + len(self.roots)

    def whole(self, node: Node) -> Seen:
        """Check the whole expression."""
        seen = self.see(node, self._first)
        use(seen.origins)
        return seen

    def see(self, node: Node, where: Where) -> Seen:
        """Check `node`, which stands at `where`."""
        match node:
            case Literal():
                return Seen(node, Constant(node.start, node.end, node.value), node.type)
            case Name():
                return self._name(node, where)
            case Select():
                return self._select(node, where)
            case Index():
                return self._index(node, where)
            case Compare():
                return self._compare(node, where)
            case Logic():
                return self._logic(node, where)
            case Chain():
                operands = [
                    self._sure(one, where) for one in (node.first, *(operand for _, _, operand, _ in node.rest))
                ]
                return arithmetic.chained(self.told, node, [self._used(one) for one in operands])
            case Unary():
                return self._unary(node, where)
            case Choice():
                return self._choice(node, where)
            case Items():
                return self._items(node, where)
            case Entries():
                return self._entries(node, where)
            case Call():
                return self._call(node, where)
        raise AssertionError(node)

    def _sure(self, node: Node, where: Where) -> Seen:
        """`node`, which must not be null where it is used."""
        return unguarded(self.told, self.see(node, where))

    def _used(self, seen: Seen) -> Seen:
        """An operand of a chain: a list only goes on into a longer one, anything else is used."""
        if not isinstance(seen.type, ListOf):
            use(seen.origins)
        return seen

    def _true_or_false(self, node: Node, where: Where, operator_: str) -> Seen:
        seen = self._sure(node, where)
        if seen.type != BOOL and not seen.is_lost:
            return self.told.wrong(node, f"'{operator_}' needs true or false; this is {seen.type}")
        return seen

    def _name(self, node: Name, where: Where) -> Seen:
        variable = where.variables.get(node.name)
        if variable is None:
            message = f"there is no name '{node.name}'{meant(node.name, where.variables)}"
            return self.told.wrong(node, message, f"there are: {some_of(where.variables)}" if where.variables else "")
        for shape in variable.origins:
            if shape.start < 0:
                shape.start, shape.end = node.start, node.end
        read = Read(node.start, node.end, variable.slot, node.name)
        return self._perhaps_null(node, read, variable.type, variable.origins, (variable.slot,), where.known)

    def _perhaps_null(
        self, node: Node, part: Part, type_: Type, origins: Origins, key: tuple[object, ...] | None, known: Known
    ) -> Seen:
        """A path that may be null, unless it is known by now that it is not."""
        if isinstance(type_, Nullable) and key in known:
            part, type_ = NotNull(node.start, node.end, part), type_.of
        return Seen(node, part, type_, origins, key)

    def _select(self, node: Select, where: Where) -> Seen:
        of = self._sure(node.of, where)
        type_ = of.type
        if isinstance(type_, Never):
            return Seen(node, of.part, NEVER)
        if isinstance(type_, MapOf):
            key = Constant(node.at, node.end, node.field)
            return self._element(node, of, key, type_.value, node.field, where)
        if not isinstance(type_, Record):
            hint = "write size(...)" if node.field in ("length", "len", "size", "count") else ""
            if isinstance(type_, ListOf) and isinstance(type_.element, Record) and node.field in type_.element.fields:
                hint = f"its elements have: write .all(x, x.{node.field} ...) or .map(x, x.{node.field})"
            return self.told.wrong(node, f"{type_} has no fields", hint, node.at)
        if node.field not in type_.fields:
            message = f"{self.told.written(node.of)} has no field '{node.field}'{meant(node.field, type_.fields)}"
            return self.told.wrong(node, message, f"{type_} has: {some_of(type_.fields)}", node.at)
        inside = type_.fields[node.field]
        origins = parts(of.origins, node.field, inside, node.start, node.end)
        path = None if of.key is None else (*of.key, node.field)
        part = Field(node.start, node.end, of.part, node.field)
        return self._perhaps_null(node, part, inside, origins, path, where.known)

    def _index(self, node: Index, where: Where) -> Seen:
        of, index = self._sure(node.of, where), self._sure(node.index, where)
        use(index.origins)
        match of.type:
            case MapOf(value=inside):
                wanted: Type = STRING
            case ListOf(element=inside):
                wanted = INT
            case Never():
                return Seen(node, of.part, NEVER)
            case Record():
                return self.told.wrong(node.index, f"the fields of {of.type} are written with a dot")
            case _:
                return self.told.wrong(node, f"{of.type} has no elements", "", node.of.end)
        if plain(index.type) != wanted and not index.is_lost:
            what = "key of a map is a string" if wanted == STRING else "place in a list is a whole number"
            return self.told.wrong(node.index, f"a {what}, not {index.type}")
        written = index.part.value if isinstance(index.part, Constant) else None
        step = written if isinstance(written, str) else ANY
        return self._element(node, of, index.part, inside, step, where, written)

    def _element(
        self, node: Node, of: Seen, index: Part, inside: Type, step: str, where: Where, written: object = None
    ) -> Seen:
        by_key = isinstance(of.type, MapOf)
        at = step if by_key and step != ANY else written
        path = None if of.key is None or at is None else (*of.key, at)
        origins = parts(of.origins, step, inside, node.start, node.end)
        part = Element(node.start, node.end, of.part, index, by_key)
        return self._perhaps_null(node, part, inside, origins, path, where.known)

    def _compare(self, node: Compare, where: Where) -> Seen:
        left = self.see(node.left, where)
        right = self._word_without_quotes(node.right, left, where) or self.see(node.right, where)
        if node.operator in ("==", "!="):
            if NULL not in (left.type, right.type):
                use(left.origins)
                use(right.origins)
            return self._sized(comparing.equal(self.told, node, left, right), node, left, right)
        use(left.origins)
        if node.operator == "in":
            right = unguarded(self.told, right)
            if isinstance(right.type, ListOf):
                use(right.origins)
            return comparing.contained(self.told, node, left, right)
        use(right.origins)
        left, right = unguarded(self.told, left), unguarded(self.told, right)
        return self._sized(comparing.ordered(self.told, node, left, right), node, left, right)

    def _word_without_quotes(self, node: Node, beside: Seen, where: Where) -> Seen | None:
        """Tell of `invoice.status == draft`."""
        words = without_null(beside.type)
        if isinstance(node, Name) and isinstance(words, Words) and node.name in words.values - {*where.variables}:
            return self.told.wrong(node, f"there is no name '{node.name}'", f'a word stands in quotes: "{node.name}"')
        return None

    def _sized(self, seen: Seen, node: Compare, left: Seen, right: Seen) -> Seen:
        """The same comparison, with what it says of the size of a list: `size(x) > 0`."""
        yes, no = comparing.sizes_known(node, left, right)
        return truth(node, seen.part, seen.yes | yes, seen.no | no)

    def _logic(self, node: Logic, where: Where) -> Seen:
        is_and = node.operator == "&&"
        operands: list[Seen] = []
        for operand in node.operands:
            seen = self._true_or_false(operand, where, node.operator)
            use(seen.origins)
            where = where.knowing(seen.yes if is_and else seen.no)
            operands.append(seen)
        all_of = (
            frozenset.union(*(one.yes for one in operands)),
            frozenset.intersection(*(one.no for one in operands)),
        )
        any_of = (
            frozenset.intersection(*(one.yes for one in operands)),
            frozenset.union(*(one.no for one in operands)),
        )
        parts_ = tuple(one.part for one in operands)
        if is_and:
            return truth(node, All(node.start, node.end, parts_), *all_of)
        return truth(node, Some(node.start, node.end, parts_), *any_of)

    def _unary(self, node: Unary, where: Where) -> Seen:
        if node.operator == "-":
            operand = self._sure(node.of, where)
            use(operand.origins)
            return arithmetic.negated(self.told, node, operand)
        seen = self._true_or_false(node.of, where, "!")
        use(seen.origins)
        if node.times % 2 == 0:
            return truth(node, seen.part, seen.yes, seen.no)
        part = Applied(node.start, node.end, "not", operator.not_, (seen.part,))
        return truth(node, part, seen.no, seen.yes)

    def _choice(self, node: Choice, where: Where) -> Seen:
        condition = self._true_or_false(node.condition, where, "?")
        use(condition.origins)
        then = self.see(node.then, where.knowing(condition.yes))
        otherwise = self.see(node.otherwise, where.knowing(condition.no))
        type_ = joined(then.type, otherwise.type)
        if type_ is None:
            return self.told.wrong(node, f"one outcome is {then.type}, the other {otherwise.type}", "", node.then.start)
        part = Choose(node.start, node.end, condition.part, then.part, otherwise.part)
        yes = (condition.yes | then.yes) & (condition.no | otherwise.yes)
        no = (condition.yes | then.no) & (condition.no | otherwise.no)
        origins = (*then.origins, *(shape for shape in otherwise.origins if shape not in then.origins))
        return Seen(node, part, type_, origins, None, yes, no)

    def _items(self, node: Items, where: Where) -> Seen:
        seen = [self.see(item, where) for item in node.items]
        type_: Type = NEVER
        for one in seen:
            together = joined(type_, one.type)
            if together is None:
                return self.told.wrong(
                    one.node, f"the elements of a list are of one type; this is {one.type}, not {type_}"
                )
            type_ = together
        origins = tuple({id(shape): shape for one in seen for shape in one.origins}.values())
        part = Listed(node.start, node.end, tuple(one.part for one in seen))
        return Seen(node, part, ListOf(type_), listed(ListOf(type_), origins))

    def _entries(self, node: Entries, where: Where) -> Seen:
        keys: list[object] = []
        values: list[tuple[Part, Part]] = []
        type_: Type = NEVER
        for key_node, value_node in node.entries:
            key, value = self._sure(key_node, where), self.see(value_node, where)
            use(key.origins)
            use(value.origins)
            if plain(key.type) != STRING and not key.is_lost:
                self.told.wrong(key_node, f"a key of a map is a string, not {key.type}")
            elif isinstance(key.part, Constant) and key.part.value in keys:
                self.told.wrong(key_node, f"the key {self.told.written(key_node)} stands twice")
            together = joined(type_, value.type)
            if together is None:
                return self.told.wrong(
                    value_node, f"the values of a map are of one type; this is {value.type}, not {type_}"
                )
            type_ = together
            keys.append(key.part.value if isinstance(key.part, Constant) else None)
            values.append((key.part, value.part))
        return Seen(node, Mapped(node.start, node.end, tuple(values)), MapOf(type_))

    def _call(self, node: Call, where: Where) -> Seen:
        if node.name == "has" and node.target is None:
            return macros.had(self.told, node, lambda one: self.see(one, where))
        if node.name in MACROS and node.target is not None:
            source = self.see(node.target, where)
            slot, self.slots = self.slots, self.slots + 1
            return macros.looped(self.told, node, source, where, self.see, slot)
        if node.name in MACROS:
            return called(self.told, node, [])
        nodes = node.arguments if node.target is None else (node.target, *node.arguments)
        return called(self.told, node, [self._sure(one, where) for one in nodes])
