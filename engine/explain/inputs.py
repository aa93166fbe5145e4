"""What is typed for an input of each type. Floor 5."""

from __future__ import annotations

from engine.reports.articles import Article, Part, Title

# Of each type what is written, and an example.
TYPES: dict[str, tuple[str, str]] = {
    "invoice_id": (
        "a Lago invoice id, or the invoice's address in Lago's dashboard",
        "5f3c9d1e-77aa-4f0e-9a53-2d1c9be0a1f4",
    ),
    "text": ("any text that is not empty", "acme-corp"),
    "month": ("a calendar month", "2026-07"),
    "money": ("an amount with its currency, all decimals written", "1261.40 EUR"),
    "duration": ("whole days, hours, minutes and seconds", "1h30m"),
    "flag": ("nothing: it is off until it is given, and needs no default", "false"),
    "integer": ("a whole number", "12"),
}

# What a person wonders about.
MORE = {
    "invoice_id": "Of a pasted address the id alone is kept. Upper case is the same invoice.",
    "text": "It is compared letter for letter: `ACME` is not `acme`, and a space at its end counts.",
    "month": "What falls into it is decided in the customer's time zone, not in this machine's.",
    "money": "Amounts are whole minor units, never fractions: `1261.4 EUR` is refused, and so is an amount without currency.",
    "duration": "`90s`, `24h`, `2d`; the parts in falling order. A number alone is refused: nobody could say of what.",
    "flag": "In a file it is `true` or `false`; on the command line `--name` switches it on.",
    "integer": "At most 15 digits, with a minus before it where it is negative.",
}


def titles() -> list[Title]:
    """Every type with what is written for it."""
    return [Title("input type", name, written) for name, (written, _) in TYPES.items()]


def article(name: str) -> Article:
    """All about one type."""
    written, example = TYPES[name]
    default = "" if name == "flag" else f", default: {example}"
    block = f"inputs:\n  example: {{type: {name}, help: what it is for{default}}}"
    typed = "--example" if name == "flag" else f'--example "{example}"' if " " in example else f"--example {example}"
    parts = (
        Part("", MORE[name]),
        Part("In a runbook", block, "yaml"),
        Part("On the command line", typed, "text"),
    )
    return Article("input type", name, written, parts)
