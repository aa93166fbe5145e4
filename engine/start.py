"""The door of the process: `runbook --help` is read from a page, everything else goes to `cli.py`. Floor 6.

Importing click and declaring every command takes four times as long as starting Python, and half of all that anybody
asks of a command line is its help. `engine/help.txt` is what click itself prints at 80 columns; a test holds them
together, and `pytest --update-screens` writes it anew.
"""

import atexit
import gc
import os
import sys
from contextlib import suppress

PAGE = os.path.join(os.path.dirname(__file__), "help.txt")
COLUMNS = 80
INTERRUPTED = 130


def main() -> None:
    """The entry point of the `runbook` command."""
    if sys.argv[1:] in (["--help"], ["-h"]) and is_wide() and is_told():
        return
    # What a command makes it keeps to its end: looking for rubbish among it took a tenth of a run's time. A run makes
    # 60,000 objects that can hold others; what waits for long or serves is looked through all the same, if seldom.
    gc.set_threshold(200_000)
    # Nobody's plugin stands between a value and its check, and no package is asked whether it has one.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    codes: list[object] = []
    atexit.register(leave, codes)  # first, and so the last to be called
    try:
        from cli import main

        main()
    except SystemExit as end:
        codes.append(end.code)
        raise
    except KeyboardInterrupt:  # while the program was still being loaded: nothing was done
        codes.append(INTERRUPTED)
        sys.exit(INTERRUPTED)


def leave(codes: list[object]) -> None:
    """End the process once all has been said, without taking apart what ends with it: that took a twentieth of a run.

    Files and journals are closed by those who opened them. An output that cannot be flushed is the interpreter's to tell.
    """
    with suppress(OSError, ValueError, AttributeError):
        for code in codes:
            if isinstance(code, int):
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)


def is_wide() -> bool:
    """Whether click would write for 80 columns here: it asks the environment, then the terminal, and assumes 80."""
    said = os.environ.get("COLUMNS", "")
    columns = int(said) if said.isdecimal() else 0
    if not columns:
        try:
            columns = os.get_terminal_size(1).columns
        except OSError:
            return True
    return columns >= COLUMNS or not columns


def is_told() -> bool:
    """Print the page. False, with nothing printed, when it cannot be."""
    try:
        with open(PAGE, encoding="ascii") as page:
            text = page.read()
        sys.stdout.write(text)
        sys.stdout.flush()
    except (OSError, AttributeError):  # no page, nobody who reads, or no output at all
        return False
    return True
