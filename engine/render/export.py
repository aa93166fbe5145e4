"""What `audit export` says when it has written, and the page that lies beside what it wrote. Floor 5."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from engine.render.evidence import Evidence, proves, proves_not, standing
from engine.render.text import hang, json_line, safe, style, wrap

FILES = {
    "records.jsonl": "the evidence: a record a line, byte for byte as it was written, or its links alone",
    "blobs/": "parts of records that were too large to stand in them, named by their SHA-256; where there are any",
    "report.html": "the runs as a person reads them; it needs no network and runs nothing",
    "report.txt": "the same as text",
    "runs.csv": "a line a run",
    "events.csv": "a line a record",
    "figures.csv": "a line an amount, as shown before the consent and as it stands after the call",
    "manifest.json": "log, head, runs, and the SHA-256 of every file",
    "verify.py": "checks all of it; needs Python 3.8 and nothing else",
}


def exported(folder: str, manifest: Mapping[str, Any], digest: str, format: str, *, width: int, colour: bool) -> str:
    """What was written where. `digest` is the manifest's SHA-256 (hex), which stands for the whole export."""
    head = manifest["head"] or {"seq": None, "hash": None}
    if format == "json":
        named = {key: value for key, value in manifest.items() if key not in ("type", "v")}
        return json_line({"v": 1, "type": "export", "folder": folder, "manifest": f"sha256:{digest}", **named})
    runs, records, journal = len(manifest["runs"]), manifest["records"], manifest["journal"]
    count = f"{runs} run{'' if runs == 1 else 's'}"
    said = f"{count}, {records['shown']} records shown and {records['closed']} by their links alone"
    lines = [("wrote", f"{folder}: {said}"), ("head", f"#{head['seq']} {head['hash']}, log {manifest['log']}")]
    lines += [("sha256", f"{digest} of manifest.json"), ("check", f"python3 {shlex.quote(f'{folder}/verify.py')}")]
    if not journal["intact"]:
        lines.append(("NOT intact", f"the journal: {journal['why']}. The export holds it as it is"))
    if format == "plain":
        return "".join(f"{what}\t{safe(text)}\n" for what, text in lines)
    size = max(len(what) for what, _ in lines)
    shown = []
    for what, text in lines:
        first, *rest = hang(f"  {what:<{size}}  ", safe(text), width)
        shown += [first.replace(what, style(what, "bad" if what == "NOT intact" else "dim", colour), 1), *rest]
    return "\n".join(shown) + "\n"


def guide(evidence: Evidence) -> str:
    """README.txt: what lies here, how to check it, what that proves and what not."""
    size = max(map(len, FILES)) + 2
    lines = ["An export of runbook's journal", "=" * 30, "", *wrap(safe(standing(evidence)[0]), 90), ""]
    lines += [line for name, text in FILES.items() for line in hang(f"  {name:<{size}}", text, 90)]
    lines += [
        "",
        "To check it, without a network:",
        "",
        "    python3 verify.py",
        "    python3 verify.py --head HASH --count N",
        "",
    ]
    said = (
        "HASH and N are the head of this log as you or somebody you trust noted it earlier. Take verify.py from where you"
        " trust it, not from here: whoever could change the records could change it too."
    )
    lines += wrap(said, 90)
    for title, texts in (("What this proves", proves(evidence)), ("What it does not prove", proves_not())):
        lines += ["", title, "", *(line for text in texts for line in hang("  - ", safe(text), 90))]
    return "\n".join(lines) + "\n"
