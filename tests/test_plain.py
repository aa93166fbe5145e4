"""Our dataclasses beside the standard library's: the same class made by both behaves the same."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, field, fields, replace
from typing import Any, ClassVar

import pytest

from engine.plain import dataclass

MAKERS: list[Callable[..., Any]] = [dataclasses.dataclass, dataclass]
both = pytest.mark.parametrize("maker", MAKERS, ids=["standard", "plain"])


def pair(maker: Callable[..., Any], **how: bool) -> Any:
    """A class with one field of each kind, and a class derived from it."""

    @maker(**how)
    class Pair:
        KIND: ClassVar[str] = "pair"
        left: int
        right: str = "r"
        more: list[int] = field(default_factory=list, compare=not how.get("frozen"))
        hidden: str = field(default="h", repr=False, compare=False)
        unhashed: dict[str, int] = field(default_factory=dict, hash=False, kw_only=True)

    @maker(**how)
    class Triple(Pair):
        third: int = field(kw_only=True)
        made: int = field(init=False, default=3)

    return Pair, Triple


SHAPES = [
    {},
    {"slots": True},
    {"frozen": True},
    {"frozen": True, "slots": True},
    {"frozen": True, "slots": True, "order": True},
    {"slots": True, "eq": False},
]


def told(call: Callable[[], Any]) -> Any:
    """What a call answers, or the kind of error that it raises."""
    try:
        return call()
    except (TypeError, AttributeError) as error:
        return type(error)


def behaviour(maker: Callable[..., Any], how: dict[str, bool]) -> dict[str, Any]:
    """Everything that can be seen of such a class from outside."""
    Pair, Triple = pair(maker, **how)
    one, other, triple = Pair(1), Pair(1, "r", [], "other"), Triple(1, third=4)

    def assign() -> None:
        one.left = 2

    return {
        "repr": (repr(one).rpartition(".")[2], repr(triple).rpartition(".")[2]),
        "equal": (one == other, one == Pair(2), one == triple, one == (1, "r", []), one != other),
        "hash": told(lambda: hash(one) == hash(other)),
        "order": told(lambda: (one < Pair(2), one <= other, one > Pair(2), one >= other)),
        "other order": told(lambda: one < 3),
        "too few": told(Pair),
        "too many": told(lambda: Pair(1, "r", [], "h", 5)),
        "twice": told(lambda: Pair(1, left=1)),
        "unknown": told(lambda: Pair(1, strange=1)),
        "third in order": told(lambda: Triple(1, "r", [], "h", 4)),
        "third left out": told(lambda: Triple(1)),
        "made": told(lambda: Triple(1, third=4, made=5)),
        "own list": one.more is not Pair(1).more,
        "match": (Pair.__match_args__, Triple.__match_args__),
        "fields": [(item.name, item.init, item.kw_only) for item in fields(Triple)],
        "as a dict": asdict(triple),
        "replaced": asdict(replace(triple, left=9, third=8)),
        "copied": (copy.copy(one) == one, copy.deepcopy(triple) == triple),
        "class": (Pair.KIND, Pair.__name__, hasattr(one, "__dict__")),
        "assigned": told(assign),
        "default": type(Triple.made).__name__,
    }


@pytest.mark.parametrize("how", SHAPES, ids=lambda how: " ".join(how) or "as it is")
def test_a_class_made_by_either_is_the_same_from_outside(how: dict[str, bool]) -> None:
    standard, plain = (behaviour(maker, how) for maker in MAKERS)
    assert plain == standard


@dataclass(frozen=True, slots=True)
class Kept:
    """A class that a pickle can find."""

    name: str
    seen: tuple[int, ...] = ()


def test_a_frozen_one_with_slots_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(Kept("a", (1, 2)))) == Kept("a", (1, 2))


def test_what_is_frozen_says_so() -> None:
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'name'"):
        Kept("a").name = "b"  # type: ignore[misc]


def test_a_value_too_few_or_unknown_is_named() -> None:
    with pytest.raises(TypeError, match=r"Kept.__init__\(\) missing 1 required positional argument: 'name'"):
        Kept()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"Kept.__init__\(\) got an unexpected keyword argument 'strange'"):
        Kept("a", strange=1)  # type: ignore[call-arg]


@both
def test_what_a_class_defines_itself_is_kept(maker: Callable[..., Any]) -> None:
    @maker(frozen=True, slots=True)
    class Own:
        name: str
        length: int = field(init=False, default=0)

        def __post_init__(self) -> None:
            object.__setattr__(self, "length", len(self.name))

        def __repr__(self) -> str:
            return "own"

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 7

    own: Any = Own
    assert (repr(own("abc")), own("abc").length, own("a") == 3, hash(own("a"))) == ("own", 3, True, 7)
