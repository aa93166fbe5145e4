"""HTML of which every text is escaped: a text becomes markup in one place only. Floor 5."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape

from engine.printable import safe
from engine.render.document import code_spans


class Markup(str):
    """A text that is HTML already."""

    __slots__ = ()


def plain(text: str) -> Markup:
    """A text as HTML: nothing in it is a tag, and nothing that does not show is left hidden (`engine/printable.py`)."""
    return Markup(escape(safe(text), quote=True))


def rich(text: str) -> Markup:
    """The same, with what stands between backticks as code; line ends are spaces."""
    parts = code_spans(" ".join(text.split("\n")))
    return join(*(tag("code", plain(part)) if is_code else plain(part) for part, is_code in parts))


def join(*parts: Markup) -> Markup:
    """Parts one after another."""
    return Markup("".join(parts))


def tag(name: str, *content: str, **attributes: str) -> Markup:
    """An element. What is not markup yet is escaped; `kind` stands for the attribute `class`, empty ones are left out."""
    told = {"class" if key == "kind" else key: value for key, value in attributes.items() if value}
    head = "".join(f' {key}="{plain(value)}"' for key, value in told.items())
    inner = join(*(part if isinstance(part, Markup) else plain(part) for part in content))
    return Markup(f"<{name}{head}>{inner}</{name}>")


def page(title: str, style: str, body: Markup) -> str:
    """A whole page in one file. Its policy allows this one style sheet, by its digest, and nothing else at all."""
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = [
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        '<meta name="robots" content="noindex">',
        tag("title", title),
        f"<style>{style}</style>",
    ]
    return '<!doctype html>\n<html lang="en">\n<head>\n' + "\n".join(head) + f"\n</head>\n{body}\n</html>\n"
