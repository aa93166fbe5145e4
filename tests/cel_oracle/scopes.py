"""What an expression may read where it stands: names, fields of records, and which of them are known not to be null."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cel_oracle.shapes import Shape
from cel_oracle.trees import Level, Tree

DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Scope:
    """Names in reach with their types, and the paths that were asked for null before."""

    names: Mapping[str, Shape]
    known: frozenset[str] = frozenset()
    latest: str = ""
    reads: tuple[Tree, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Find every path once; an expression asks for them often."""
        object.__setattr__(self, "reads", tuple(self._reads()))

    def bound(self, name: str, shape: Shape) -> Scope:
        """The same with one more name, which may hide another and what was known of it."""
        kept = frozenset(path for path in self.known if path != name and not path.startswith(name + "."))
        return Scope({**self.names, name: shape}, kept, name)

    def knowing(self, path: str) -> Scope:
        """The same where this path is not null."""
        return Scope(self.names, self.known | {path}, self.latest)

    def of(self, shape: Shape) -> list[Tree]:
        """The paths of this type, more often those of the name that came last."""
        found = [one for one in self.reads if one.shape == shape]
        return found + [one for one in found if one.text.split(".")[0] == self.latest] * len(found)

    def kind(self, *kinds: str) -> list[Tree]:
        """The paths of these kinds: `list`, `map`, `record`, `nullable`, `words`."""
        return [one for one in self.reads if not isinstance(one.shape, str) and one.shape[0] in kinds]

    def _reads(self) -> Iterator[Tree]:
        for name, shape in self.names.items():
            yield from self._below(name, shape, 0)

    def _below(self, path: str, shape: Shape, depth: int) -> Iterator[Tree]:
        if not isinstance(shape, str) and shape[0] == "nullable" and path in self.known:
            shape = shape[1]
        yield Tree(shape, Level.MEMBER, (path,))
        if not isinstance(shape, str) and shape[0] == "record" and depth < DEEPEST:
            for name, one in shape[2]:
                yield from self._below(f"{path}.{name}", one, depth + 1)
