"""Tokens to a syntax tree, by CEL's grammar. What is mistaken for an operator or a literal is told and read on. Floor 1."""

from __future__ import annotations

from engine.cel.problems import Problem, Uncompiled
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
from engine.cel.tokens import Token, tokens
from engine.cel.types import BOOL, DOUBLE, INT, NULL, STRING, Type

MOST_DEPTH = 64

_OR, _AND, _RELATION, _SUM, _PRODUCT = range(5)
_LEVEL = {
    **{"||": _OR, "&&": _AND},
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), _RELATION),
    **{"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "%": _PRODUCT},
}
_RESERVED = frozenset(
    "as break const continue else for function if import let loop package namespace return var void while in".split()
)
_WORDS: dict[str, tuple[bool | None, Type]] = {"true": (True, BOOL), "false": (False, BOOL), "null": (None, NULL)}
_WORDS_ELSEWHERE = {"True": "true", "TRUE": "true", "False": "false", "FALSE": "false"} | dict.fromkeys(
    ("None", "NULL", "nil", "undefined"), "null"
)
_OPERATORS_ELSEWHERE = {
    "and": "&&",
    "AND": "&&",
    "or": "||",
    "OR": "||",
    "is": "==",
    "eq": "==",
    "mod": "%",
    "div": "/",
}


def parsed(text: str) -> tuple[Node, list[Problem]]:
    """The tree of `text`, and what was told of it though it could be read on. Raises Uncompiled."""
    problems: list[Problem] = []
    parser = _Parser(tokens(text, problems), problems)
    try:
        return parser.whole(), problems
    except Uncompiled as stop:
        raise Uncompiled(tuple(sorted({*problems, *stop.problems}, key=lambda one: one.start))) from None


class _Parser:
    def __init__(self, found: list[Token], problems: list[Problem]) -> None:
        self._tokens = found
        self._problems = problems
        self._next = 0
        self._open = 0

    def whole(self) -> Node:
        if len(self._tokens) == 1:
            raise self._wrong(self._here, "there is no expression")
        tree = self._expression()
        if self._here.kind != "end":
            raise self._unexpected("the end, or an operator")
        return tree

    def _expression(self) -> Node:
        self._enter()
        start = self._here.start
        node = self._operators(_OR)
        if self._accept("?"):
            then = self._operators(_OR)
            if self._is("?"):
                raise self._wrong(self._here, "a choice within a choice needs parentheses")
            self._expect(":")
            otherwise = self._expression()
            choice = Choice(start, self._end, node, then, otherwise)
            node = self._made(choice, node, then, otherwise)
        self._open -= 1
        return node

    def _operators(self, least: int) -> Node:
        self._enter()
        start = self._here.start
        left = self._unary()
        while (level := self._level()) is not None and level >= least:
            if level in (_OR, _AND):
                operator, operands = self._here.text, [left]
                while self._level() == level:
                    self._step()
                    operands.append(self._operators(level + 1))
                left = self._made(Logic(start, self._end, operator, tuple(operands)), *operands)
            elif level == _RELATION:
                sign = self._step()
                right = self._operators(level + 1)
                left = self._made(Compare(start, self._end, sign.text, sign.start, left, right), left, right)
            else:
                rest: list[tuple[str, int, Node, int]] = []
                while self._level() == level:
                    sign = self._step()
                    rest.append((sign.text, sign.start, self._operators(level + 1), self._end))
                chain = Chain(start, self._end, left, tuple(rest))
                left = self._made(chain, left, *(node for _, _, node, _ in rest))
        self._open -= 1
        return left

    def _level(self) -> int | None:
        """How tightly the operator that is next binds, None when none is. A word meant as one becomes it."""
        token = self._here
        if token.kind == "name" and token.text in _OPERATORS_ELSEWHERE:
            meant = _OPERATORS_ELSEWHERE[token.text]
            if token.text == "is" and self._tokens[self._next + 1].text == "not":
                del self._tokens[self._next + 1]
                meant = "!="
            self._tell(token, f"'{token.text}' is not an operator; use '{meant}'")
            self._tokens[self._next] = Token("sign", token.start, token.end, meant)
        elif token.kind == "name" and token.text == "not":
            raise self._wrong(token, "'not' is not an operator; use '!'", "as in !(a in b)")
        return _LEVEL.get(self._here.text)

    def _unary(self) -> Node:
        first = self._here
        if first.text == "not" and self._begins_operand(self._tokens[self._next + 1 :][:1]):
            self._tell(first, "'not' is not an operator; use '!'")
            first = self._tokens[self._next] = Token("sign", first.start, first.end, "!")
        if first.kind != "sign" or first.text not in ("!", "-"):
            return self._postfix(first.start)
        times = 0
        while self._is(first.text):
            last = self._step()
            times += 1
        if self._is("!") or self._is("-"):
            raise self._wrong(self._here, f"'{self._here.text}' after '{first.text}' needs parentheses")
        if first.text == "-" and self._here.kind in ("int", "double"):
            operand = self._postfix(last.start, self._number(last))
            times -= 1
        else:
            operand = self._postfix(self._here.start)
        if not times:
            return operand
        return self._made(Unary(first.start, self._end, first.text, times, operand), operand)

    def _begins_operand(self, following: list[Token]) -> bool:
        """Whether a `not` before this was meant as `!`."""
        return any(one.kind in ("name", "string") or one.text in ("(", "!") for one in following if one.text != "in")

    def _postfix(self, start: int, node: Node | None = None) -> Node:
        node = node or self._primary()
        while True:
            if self._accept("."):
                name = self._here
                if name.kind != "name":
                    raise self._unexpected("a field")
                self._step()
                if name.text in (*_WORDS, "in"):
                    raise self._wrong(name, f"'{name.text}' cannot be a field")
                if self._accept("("):
                    arguments = self._listed(")")
                    call = Call(start, self._end, name.text, name.start, node, arguments)
                    node = self._made(call, node, *arguments)
                else:
                    node = self._made(Select(start, name.end, node, name.text, name.start), node)
            elif self._accept("["):
                index = self._expression()
                end = self._expect("]").end
                node = self._made(Index(start, end, node, index), node, index)
            else:
                return node

    def _primary(self) -> Node:
        token = self._here
        if token.kind in ("int", "double"):
            return self._number(None)
        if token.kind == "string":
            self._step()
            return Literal(token.start, token.end, str(token.value), STRING)
        if token.kind == "name":
            return self._named()
        if self._accept("("):
            inner = self._expression()
            self._expect(")")
            return inner
        if self._accept("["):
            items = self._listed("]")
            return self._made(Items(token.start, self._end, items), *items)
        if self._accept("{"):
            return self._entries(token)
        raise self._unexpected("a value")

    def _named(self) -> Node:
        token = self._step()
        word = token.text
        if word in _WORDS_ELSEWHERE:
            word = _WORDS_ELSEWHERE[word]
            self._tell(token, f"'{token.text}' is no value; use '{word}'")
        if word in _WORDS:
            value, type_ = _WORDS[word]
            return Literal(token.start, token.end, value, type_)
        if word in _RESERVED:
            hint = {"if": "write condition ? a : b", "for": "write list.all(x, ...)"}.get(word, "")
            raise self._wrong(token, f"'{word}' is a reserved word", hint)
        if self._accept("("):
            arguments = self._listed(")")
            return self._made(Call(token.start, self._end, word, token.start, None, arguments), *arguments)
        if self._is("{"):
            raise self._wrong(self._here, "there are no objects of a named type", 'a map is {"key": value}')
        return Name(token.start, token.end, word)

    def _number(self, minus: Token | None) -> Node:
        token = self._step()
        start = minus.start if minus else token.start
        if token.kind == "double":
            return Literal(start, token.end, -float(token.value) if minus else float(token.value), DOUBLE)
        number = -int(token.value) if minus else int(token.value)
        if not -(2**63) <= number < 2**63:
            raise self._wrong(token, "this number does not fit into 64 bits")
        return Literal(start, token.end, number, INT)

    def _listed(self, close: str) -> tuple[Node, ...]:
        """What stands between brackets, up to and with `close`. Only a list may end with a comma."""
        items: list[Node] = []
        while not self._accept(close):
            items.append(self._expression())
            if self._accept(","):
                if close == ")" and self._is(close):
                    raise self._unexpected("a value")
            elif not self._is(close):
                raise self._unexpected(f"',' or '{close}'")
        return tuple(items)

    def _entries(self, opening: Token) -> Node:
        entries: list[tuple[Node, Node]] = []
        while not self._accept("}"):
            key = self._expression()
            self._expect(":")
            entries.append((key, self._expression()))
            if not self._accept(",") and not self._is("}"):
                raise self._unexpected("',' or '}'")
        inner = [node for entry in entries for node in entry]
        return self._made(Entries(opening.start, self._end, tuple(entries)), *inner)

    @property
    def _here(self) -> Token:
        return self._tokens[self._next]

    @property
    def _end(self) -> int:
        """Where what was read so far ends."""
        return self._tokens[self._next - 1].end

    def _is(self, sign: str) -> bool:
        return self._here.kind == "sign" and self._here.text == sign

    def _step(self) -> Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _accept(self, sign: str) -> bool:
        if self._is(sign):
            self._next += 1
            return True
        return False

    def _expect(self, sign: str) -> Token:
        if not self._is(sign):
            raise self._unexpected(f"'{sign}'")
        return self._step()

    def _enter(self) -> None:
        self._open += 1
        if self._open > 2 * MOST_DEPTH:
            raise self._too_deep(self._here.start, self._here.end)

    def _made(self, node: Node, *inner: Node) -> Node:
        node.within(*inner)
        if node.depth > MOST_DEPTH:
            raise self._too_deep(node.start, node.end)
        return node

    def _too_deep(self, start: int, end: int) -> Uncompiled:
        return Uncompiled(
            (Problem(start, end, f"this is nested more than {MOST_DEPTH} levels deep", "split it into several"),)
        )

    def _tell(self, token: Token, message: str) -> None:
        self._problems.append(Problem(token.start, token.end, message))

    def _wrong(self, token: Token, message: str, help: str = "") -> Uncompiled:
        return Uncompiled((Problem(token.start, token.end, message, help),))

    def _unexpected(self, wanted: str) -> Uncompiled:
        token = self._here
        if token.kind == "end":
            return self._wrong(token, f"the expression ends too early; {wanted} is missing")
        found = "this string" if token.kind == "string" else f"'{token.text}'"
        return self._wrong(token, f"{found} cannot stand here; {wanted} is expected")
