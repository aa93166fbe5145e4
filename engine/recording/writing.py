"""A recording on disk: `scenario.yaml` and a cassette a stage, in the layout that a player and vcrpy read. Floor 5.

Nothing real is written first and cleaned later: what comes here is scrubbed already, and is looked through once more.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from engine import __version__
from engine.errors import Bug
from engine.files.written import write
from engine.recording.scrubbing import Scrubbed
from engine.recording.stages import Recorded
from engine.values import iso

Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
HOST = "https://lago.example"


def texts(name: str, title: str, stages: Sequence[Recorded], at: datetime) -> dict[str, str]:
    """Every file of the recording by its name."""
    found, rows = {}, []
    for number, stage in enumerate(stages, 1):
        row: dict[str, Any] = {"stage": stage.name, "kind": stage.kind}
        answered = [one for one in stage.exchanges if one.status is not None]
        if answered:
            row |= {"file": f"{number:02}-{stage.name}.yaml", "calls": len(answered)}
            found[row["file"]] = _yaml({"interactions": [_interaction(one) for one in answered], "version": 1})
        if stage.kind == "write":
            row |= {"request": stage.request, "status": stage.exchanges[0].status}
            row |= {} if answered else {"client_saw": "no whole answer"}
        rows.append(row)
    head: dict[str, Any] = {
        "scenario": name,
        "title": title,
        "setup": f"Recorded by `runbook test --record` {__version__}.",
    }
    head |= {"recorded_at": iso(at), "subject": subject(stages), "stages": rows}
    return {"scenario.yaml": _yaml(head), **found}


def subject(stages: Iterable[Recorded]) -> dict[str, Any]:
    """What the recording is about: the first invoice that is read, its customer, its subscriptions."""
    for one in (exchange for stage in stages for exchange in stage.exchanges):
        if re.fullmatch(r"GET /api/v1/invoices/[^/?]+", f"{one.method} {one.target}") and one.status == 200:
            invoice = json.loads(one.body).get("invoice") or {}
            ids = [row.get("external_id") for row in invoice.get("subscriptions") or ()]
            customer = (invoice.get("customer") or {}).get("external_id")
            return {"invoice": invoice.get("lago_id"), "customer": customer, "subscriptions": [id for id in ids if id]}
    return {}


def write_all(folder: Path, files: dict[str, str], real: Iterable[str]) -> None:
    """Write the files. Raises Bug, before anything is written, when something real still stands in one; UsageFault."""
    whole = "\n".join(files.values())
    for text in real:
        for seen in (text, quote(text, safe=""), base64.b64encode(text.encode()).decode(), json.dumps(text)[1:-1]):
            if seen in whole:
                raise Bug(
                    "nothing was recorded: a value that was to be removed would still stand in it",
                    hint="Please report it, with the kind of value if you can tell, not the value.",
                )
    for name, content in files.items():
        write(folder / name, content)


def _interaction(one: Scrubbed) -> dict[str, Any]:
    return {
        "request": {
            "body": "",
            "headers": {"accept": ["application/json"]},
            "method": one.method,
            "uri": HOST + one.target,
        },
        "response": {
            "body": {"string": one.body.decode("ascii")},
            "headers": {name: [value] for name, value in one.headers.items()},
            "status": {"code": one.status, "message": "Recorded"},
        },
    }


def _yaml(value: Any) -> str:
    return str(yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=False, width=120))
