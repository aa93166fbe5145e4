"""Who is measured beside whom: each peer a command, and whether it speaks to the server."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.server import CLOCK, ROOT, Server

INSTALLED = Path(sys.executable).parent / "runbook"
RUNBOOK = [str(INSTALLED)] if INSTALLED.exists() else [sys.executable, "-m", "cli"]
TOTAL = "636.04 EUR"

# The seven kinds of calls that finalizing by hand takes at least; `{invoice}` and `{customer}` are filled in.
SEVEN = (
    ("GET", "/api/v1/invoices/{invoice}"),
    ("GET", "/api/v1/customers/{customer}"),
    (
        "GET",
        "/api/v1/subscriptions?external_customer_id={customer}"
        "&status[]=active&status[]=terminated&status[]=pending&status[]=canceled",
    ),
    ("GET", "/api/v1/wallets?external_customer_id={customer}"),
    ("GET", "/api/v1/billing_entities/acme"),
    ("PUT", "/api/v1/invoices/{invoice}/refresh"),
    ("PUT", "/api/v1/invoices/{invoice}/finalize"),
)


@dataclass(frozen=True, slots=True)
class Peer:
    """One command, in which `{invoice}` stands for the id of the moment. `against` names the peer it is compared with."""

    name: str
    command: tuple[str, ...]
    against: str


PASS, HTTPX, BARE, SEVEN_CALLS = "python -c pass", "python -c 'import httpx'", "bare script", "bare script, 7 calls"
RUN = "runbook run"


def audited(server: Server) -> tuple[str, ...]:
    """The command line of a run that finalizes the invoice."""
    consent = ("--confirm", server.customer, "--total", TOTAL)
    return (*RUNBOOK, "run", "finalize_invoice", "--invoice", "{invoice}", *consent)


def peers(server: Server, folder: Path, same: list[tuple[str, str]]) -> list[Peer]:
    """All peers. `same` are the calls that an audited run was seen to make: the bare script repeats just these."""
    python, bare = sys.executable, str(Path(__file__).parent / "bare.py")
    seven = [(verb, target.replace("{customer}", server.customer)) for verb, target in SEVEN]
    files = {"same.json": same, "seven.json": seven}
    for name, calls in files.items():
        (folder / name).write_text(json.dumps(calls))
    return [
        Peer(PASS, (python, "-c", "pass"), PASS),
        Peer("runbook --help", (*RUNBOOK, "--help"), PASS),
        Peer("runbook list", (*RUNBOOK, "list"), PASS),
        Peer("runbook validate", (*RUNBOOK, "validate"), PASS),
        Peer(HTTPX, (python, "-c", "import httpx"), PASS),
        Peer(SEVEN_CALLS, (python, bare, server.url, str(folder / "seven.json"), "{invoice}"), BARE),
        Peer(BARE, (python, bare, server.url, str(folder / "same.json"), "{invoice}"), BARE),
        Peer("runbook run --dry-run", (*audited(server), "--dry-run"), BARE),
        Peer(RUN, audited(server), BARE),
    ]


def environment(server: Server, folder: Path) -> dict[str, str]:
    """The environment of every peer: an operator, a journal and the server, nothing of the person who measures."""
    operators = folder / "operators.yaml"
    if not operators.exists():
        import pwd

        account = pwd.getpwuid(os.getuid()).pw_name
        operators.write_text(f"operators:\n  - {{id: bench, roles: [billing_admin], os_account: {account}}}\n")
    keep = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return {
        **keep,
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT) if not INSTALLED.exists() else "",
        "LAGO_API_URL": server.url,
        "LAGO_API_KEY": "key-of-the-bench",
        "BILLING_CONSOLE_URL": server.url,
        "RUNBOOK_OPERATORS": str(operators),
        "RUNBOOK_JOURNAL": str(folder / "journal" / "journal.db"),
        "RUNBOOK_PATH": str(ROOT / "runbooks"),
        "RUNBOOK_CLOCK": CLOCK,
    }
