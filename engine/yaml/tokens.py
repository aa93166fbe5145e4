"""From tokens to nodes as PyYAML goes, over tokens that are there already: a file is scanned once, not twice. Floor 1."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from yaml.composer import Composer
from yaml.parser import Parser
from yaml.resolver import Resolver
from yaml.tokens import Token


class Scanned(Parser, Composer, Resolver):
    """PyYAML's loader without its scanner, which takes most of its time: `get_single_node` of these tokens.

    Raises `yaml.parser.ParserError` and `yaml.composer.ComposerError` as the whole loader does, with the same marks.
    """

    def __init__(self, tokens: Iterable[Token]) -> None:
        Parser.__init__(self)
        Composer.__init__(self)
        Resolver.__init__(self)
        self._left = deque(tokens)

    def check_token(self, *choices: type[Token]) -> bool:
        """Whether there is a next token, and it is of one of these kinds."""
        return bool(self._left) and (not choices or isinstance(self._left[0], choices))

    def peek_token(self) -> Token | None:
        """The next token."""
        return self._left[0] if self._left else None

    def get_token(self) -> Token | None:
        """The next token, which is taken."""
        return self._left.popleft() if self._left else None
