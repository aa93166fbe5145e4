"""`docs`: runbooks as pages for people who do not run them, as Markdown and as HTML that needs nothing else. Floor 5."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

from engine.commands.handbook import Handbook
from engine.commands.shell import Shell
from engine.errors import Exit, Invalid, UsageFault
from engine.files.written import write
from engine.library import check, files
from engine.model import Runbook
from engine.render import document_html, document_markdown
from engine.render.document import Document, Pairs, Section
from engine.render.text import json_line, safe

ENDINGS = {".md": document_markdown.render, ".html": document_html.render}


def write_docs(shell: Shell, name: str | None, folder: Path | None, as_of: str | None) -> int:
    """The pages of one runbook, or of all of them and an index; without a folder one page goes to stdout, as Markdown.

    Raises UsageFault (no such runbook, no folder, a folder that cannot be written), Invalid with all that is wrong in
    any of the files: then nothing is written.
    """
    if as_of is not None:
        _require_day(as_of)
    if folder == Path("-"):  # the usual word for stdout
        folder = None
    if name is None and folder is None:
        raise UsageFault("all runbooks together need a folder", hint="runbook docs -o DIR, or name one runbook")
    runbooks = _all(shell) if name is None else [shell.load(name)]
    books = [Handbook(runbook, shell.registry, as_of or "") for runbook in runbooks]
    if folder is None:
        return _print(shell, books[0])
    pages = {book.name: book.document() for book in books}
    if name is None:
        pages["index"] = index(books)
    for path, text in _texts(folder, pages):
        write(path, text)
        _tell(shell, path, text)
    return Exit.DONE


def _texts(folder: Path, pages: dict[str, Document]) -> list[tuple[Path, str]]:
    """Every page in every form; the folder is made only when all of them could be."""
    texts = [(folder / f"{name}{end}", draw(page)) for name, page in pages.items() for end, draw in ENDINGS.items()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = "Name a folder that you may write, or one that is not there yet."
        why = "it is no folder" if isinstance(error, FileExistsError) else error.strerror
        raise UsageFault(f"{folder} cannot be written: {why}", hint=hint) from error
    return texts


def _tell(shell: Shell, path: Path, text: str) -> None:
    digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    if shell.format == "json":
        shell.terminal.out(json_line({"v": 1, "type": "page", "path": str(path), "digest": digest}))
    elif shell.format == "plain":
        shell.terminal.out(f"{safe(path)}\t{digest}\n")
    else:
        shell.terminal.out(f"wrote {safe(path)}\n")


def _print(shell: Shell, book: Handbook) -> int:
    text = document_markdown.render(book.document())
    if shell.format == "json":
        text = json_line({"v": 1, "type": "page", "name": book.name, "markdown": text})
    shell.terminal.out(text)
    return Exit.DONE


def _all(shell: Shell) -> list[Runbook]:
    loaded = [check(path, shell.registry) for path in files(shell.settings.path).values()]
    found = sorted((one.runbook for one in loaded if one.runbook is not None), key=lambda one: one.runbook)
    if len(found) < len(loaded):
        faults = [diagnostic for one in loaded for diagnostic in one.diagnostics]
        names = ", ".join(sorted(one.path.name for one in loaded if one.runbook is None))
        raise Invalid(f"no page was written: {names} is not valid", faults, hint="Mend it, or name one runbook.")
    return found


def _require_day(text: str) -> None:
    try:
        if date.fromisoformat(text).isoformat() != text:
            raise ValueError
    except ValueError:
        raise UsageFault(f"`--date {text[:40]}` is no day", hint="Write it as 2026-11-25.") from None


def index(books: list[Handbook]) -> Document:
    """The page that leads to the others."""
    sections = [
        Section(
            book.runbook.title,
            [Pairs([("Purpose", " ".join(book.runbook.summary.split())), *book.identity()])],
            mark=book.standing[0],
            kind=book.standing[1],
            link=book.name,
        )
        for book in books
    ]
    count = f"{len(books)} runbook{'' if len(books) == 1 else 's'}"
    return Document("Runbooks", "Runbooks", f"{count}, with the strongest effect of each.", [], sections)
