"""Invented values in place of real ones: the same for the same, in every body and every address of a recording. Floor 5."""

from __future__ import annotations

from dataclasses import field

from engine.plain import dataclass

# Real values this short say nothing by themselves and would be found everywhere.
LEAST_TOLD = 8


@dataclass
class Inventions:
    """What was invented so far. `real` keeps what was replaced, to look for it once more before anything is written."""

    _references: dict[str, str] = field(default_factory=dict)
    _texts: dict[tuple[str, str], str] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    @property
    def real(self) -> list[str]:
        """What was replaced, but for what is too short to be told apart."""
        every = [*self._references, *(text for _, text in self._texts)]
        return [text for text in every if len(text) >= LEAST_TOLD]

    def reference(self, kind: str, text: str) -> str:
        """A name for something that is referred to: `cus_1`, `sub_2`, `code_3`. What was named keeps its name."""
        if text not in self._references:
            self._references[text] = f"{kind}_{self._next(kind)}"
        return self._references[text]

    def known(self, text: str) -> str | None:
        """The name that something was given, or None."""
        return self._references.get(text)

    def number(self, text: str) -> str:
        """A document's number. All drafts of a Lago end alike, and that must stay."""
        if text not in self._references:
            ending = "DRAFT" if text.upper().endswith("-DRAFT") else f"{self._next('number'):03}"
            self._references[text] = f"INV-{ending}"
        return self._references[text]

    def text(self, field: str, text: str) -> str:
        """A text under a field: `name-1`, and `email-1@mail.example` so that it is still one."""
        if (field, text) not in self._texts:
            made = f"{field}-{self._next(field)}"
            self._texts[field, text] = f"{made}@mail.example" if field.endswith("email") else made
        return self._texts[field, text]

    def _next(self, kind: str) -> int:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return self._counts[kind]
