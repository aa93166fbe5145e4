"""What an auditor reads of an export: each run from who began it to what Lago answered, and what the records prove. Floor 5.

Nothing stands in it that is not in the records, so the same export always gives the same report: no time of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from engine.render.account import Account, Data, Figure, Kept, pairs, part, rows, texts, word
from engine.render.audit import PHASES
from engine.render.document import (
    Block,
    Code,
    Document,
    Entries,
    Entry,
    Kind,
    Listing,
    Pairs,
    Prose,
    Section,
    Table,
)
from engine.render.evidence import Evidence, proves, proves_not, standing, verifying
from engine.render.told import ATTRIBUTIONS, told

VERDICTS: dict[str, Kind] = {"pass": "good", "warn": "warn", "deny": "bad"}
BAD = ("10", "13", "14", "15")
WEIGHT: dict[str, Kind] = {
    "effect.done": "good",
    "effect.observed": "good",
    "effect.intent": "plain",
    "effect.unknown": "bad",
}


def report(evidence: Evidence, accounts: Sequence[Account]) -> Document:
    """The whole report of an export."""
    count = f"{len(accounts)} runs" if len(accounts) != 1 else "One run"
    word, kind = standing(evidence)
    blocks: list[Block] = [Pairs([*evidence.rows()])]
    if len(accounts) > 1:
        blocks.append(_summary(accounts))
    sections = [_run(account, len(accounts) > 1) for account in accounts]
    sections.append(
        Section(
            "What this proves, and what it does not",
            [
                Prose("The records prove:"),
                Listing(proves(evidence)),
                Prose("They do not prove:"),
                Listing(proves_not()),
            ],
            [
                Section(
                    "Check it yourself", [Prose(verifying(evidence)), Code("python3 verify.py --head HASH --count N")]
                )
            ],
            anchor="proof",
            starts_page=True,
        )
    )
    return Document(
        kicker="Audit export",
        title=f"{count} of log {evidence.log}",
        lead="Who did what and when, having seen which figures, what they confirmed, and what was answered.",
        blocks=blocks,
        sections=sections,
        standing=word,
        kind=kind,
        foot=(
            "Read from the records in `records.jsonl`, which are the evidence; this page is a reading of them. Times are"
            " UTC, by the clock of the machine that wrote them; the order is that of the records' numbers.",
        ),
    )


def _summary(accounts: Sequence[Account]) -> Table:
    found = [
        (
            one.run,
            when(one.started),
            one.operator,
            one.customer[0],
            word(one.invoice.get("number")),
            _ending(one),
            one.total,
        )
        for one in accounts
    ]
    head = ("Run", "Started, UTC", "By", "Customer", "Invoice", "Outcome", "Total")
    return Table(head, found, right=(6,))


def _ending(account: Account) -> str:
    ending = f"{account.outcome} ({account.exit})" if account.exit else account.outcome
    ending += f", released by {account.released_by}" if account.released_by else ""
    return f"{account.mode}: {ending}" if account.mode else ending


def when(ts: str) -> str:
    """A record's time to the second."""
    return ts[:19].replace("T", " ")


def _run(account: Account, starts_page: bool) -> Section:
    kind: Kind = "good" if account.exit == "0" else "bad" if account.exit in BAD else "warn"
    parts = [
        *_shown(account),
        *_called(account),
        *_issued(account),
        *_checked(account),
        Section("Every record, in order", [Entries([_entry(one) for one in account.kept], is_dense=True)]),
    ]
    return Section(
        f"Run {account.run}",
        [*([Prose(account.message, kind)] if account.message else []), Pairs([*_facts(account)])],
        parts,
        anchor=f"run-{account.run}",
        mark=_ending(account),
        kind=kind,
        starts_page=starts_page,
    )


def _facts(account: Account) -> Iterator[tuple[str, str]]:
    start, operator = account.start, part(account.start, "operator")
    about, runbook = account.invoice, part(account.start, "runbook")
    external_id, name = account.customer
    yield "Runbook", account.runbook
    yield (
        "Its file, SHA-256",
        f"`{word(runbook.get('digest')).removeprefix('sha256:')}`" if runbook.get("digest") else "",
    )
    who = f"{account.operator}, known by {word(operator.get('how'))}" if operator.get("how") else account.operator
    roles = ", ".join(texts(operator.get("roles")))
    yield "Operator", f"{who}; {roles}" if roles else who
    hosts = dict.fromkeys(one.host for one in account.kept if one.host)
    yield "Machine", ", ".join(hosts)
    yield "Against", " @ ".join(filter(None, (word(start.get("environment")), word(start.get("target")))))
    yield "Given", ", ".join(f"{key} {value}" for key, value in part(start, "inputs").items())
    yield "Mode", f"{account.mode}: nothing one-way could be sent" if account.mode else ""
    yield from _agreed(account)
    yield (
        "Clock",
        f"set to {when(word(start.get('clock')))} UTC for this run: not real time" if start.get("clock") else "",
    )
    yield "When", f"{when(account.started)} to {when(account.ended) or 'no end in these records'}, UTC"
    yield "Customer", f"{name} ({external_id})" if name else external_id
    yield "Invoice", ", ".join(word(about[key]) for key in ("number", "ui_status", "lago_id") if about.get(key))
    yield "Total", account.total
    yield "Attribution", ATTRIBUTIONS.get(word(account.end.get("attribution")), word(account.end.get("attribution")))


def _agreed(account: Account) -> Iterator[tuple[str, str]]:
    """The plan that was applied, whose approval it rests on, and what did not stop it by a person's word."""
    plan = part(account.start, "plan")
    if plan:
        yield "Plan", f"`{word(plan.get('digest')).removeprefix('sha256:')}`, made by {word(plan.get('made_by'))}"
    for one in account.all("effect.intent"):
        for said in rows(one.record.data.get("approvals")):
            why = f": {word(said.get('reason'))}" if said.get("reason") else ""
            yield "Approved by", f"{word(said.get('approver'))}, {when(word(said.get('at')))} UTC{why}"
    for one in account.all("approval.given", "approval.rejected"):
        said = part(one.record.data, "approval")
        done = "Approved" if one.record.type == "approval.given" else "Rejected"
        yield done, " ".join(filter(None, (f"plan {word(said.get('plan'))[7:19]}", word(said.get("reason")))))
    for one in account.all("override.given"):
        data = one.record.data
        yield "Overridden", f"`{word(data.get('policy'))}` by {word(data.get('operator'))}: {word(data.get('reason'))}"


def _shown(account: Account) -> Iterator[Section]:
    """Each question for consent with all that stood above it, and what was answered to it."""
    for one in account.all("consent.asked"):
        data, seq = one.record.data, one.record.seq
        preview = part(data, "preview")
        answer = next(
            (other for other in account.all("consent.given", "consent.refused") if other.record.seq > seq), None
        )
        blocks: list[Block] = [
            Prose(f"Record #{seq}, {when(one.record.ts)} UTC. {word(preview.get('irreversible'))}"),
            Pairs(pairs(preview.get("subject"))),
        ]
        lines = rows(preview.get("lines"))
        if lines:
            cells = [[word(line.get(key)) for key in ("name", "period", "units", "amount")] for line in lines]
            blocks.append(Table(("Line item", "Period", "Units", "Amount"), cells, right=(2, 3)))
        blocks.append(Table(("", ""), pairs(preview.get("sums")), right=(1,), has_sum=True))
        taken = [("Lago may deduct", f"{label}: {value}") for label, value in pairs(preview.get("deductions"))]
        if not taken and preview.get("deductions") is not None:
            taken = [("Lago may deduct", "nothing")]
        back = [("What it took", f"{label}: {value}") for label, value in pairs(preview.get("restored"))]
        blocks.append(Pairs([*taken, *back]))
        changes = [
            [word(change.get(key)) for key in ("field", "before", "after", "certainty", "why")]
            for change in rows(preview.get("changes"))
        ]
        if changes:
            blocks.append(Table(("What changes", "From", "To", "How sure", "Why"), changes))
        for title, key in (
            ("Afterwards", "afterwards"),
            ("Warnings", "warnings"),
            ("Before that", "refresh_could_change"),
        ):
            found = texts(preview.get(key))
            blocks += [Prose(f"{title}:"), Listing(found)] if found else []
        yield Section("Figures shown", blocks)
        yield Section("Consent", [Pairs([*_consent(one, answer)])])


def _consent(asked: Kept, answer: Kept | None) -> Iterator[tuple[str, str]]:
    data = asked.record.data
    yield "To be typed", f"`{word(data.get('expected'))}`"
    if answer is None:
        yield "Answer", "none in these records"
        return
    said = answer.record.data
    if answer.record.type == "consent.given":
        yield "Named" if said.get("how") == "plan" else "Typed", f"`{word(said.get('typed'))}`"
        yield "By", f"{word(said.get('operator'))}, {HOW.get(word(said.get('how')), word(said.get('how')))}"
    else:
        yield "Refused", word(said.get("why")) or "yes"
    yield "When", f"{when(answer.record.ts)} UTC, record #{answer.record.seq}"
    same = said.get("figures_digest") == data.get("figures_digest")
    yield "Figures, digest", f"`{word(data.get('figures_digest')).removeprefix('sha256:')}`"
    if answer.record.type == "consent.given":
        yield "Bound to", "these figures" if same else f"other figures: {word(said.get('figures_digest'))}"


HOW = {
    "typed": "on a terminal",
    "flags": "with flags on the command line",
    "plan": "by a plan that the operator had made",
}


CALLED = {
    "effect.intent": "Begun: recorded before it was sent",
    "effect.not_sent": "Not sent",
    "effect.rejected": "Refused",
    "effect.pending": "Accepted, still pending",
    "effect.done": "Done",
    "effect.unknown": "Unknown: sent, without an answer that can be trusted",
    "effect.observed": "Found to be done, by reading",
    "effect.released": "Given up by a person: a later run may send",
    "reconcile.read": "Read, to learn what came of it",
    "drift.detected": "Not as confirmed",
    "operator.resolve": "A person's word",
}


def _called(account: Account) -> Iterator[Section]:
    """The one-way request and all that is known of what came of it."""
    found = account.all("effect.", "reconcile.read", "drift.detected", "operator.resolve")
    if found:
        items = [replace(_entry(one), title=CALLED.get(one.record.type, one.record.type)) for one in found]
        yield Section("The request that cannot be undone, and its answer", [Entries(items)])
    elif not account.is_preview:
        yield Section("The request that cannot be undone", [Prose("None was sent by this run, and none was begun.")])


def _issued(account: Account) -> Iterator[Section]:
    figures = [one for one in account.figures() if one.source == "after"]
    if account.issued is None or not figures:
        return
    values = part(part(account.issued.record.data, "values"), "answer") or part(account.issued.record.data, "values")
    told_of = [("Record", f"#{account.issued.record.seq}, {when(account.issued.record.ts)} UTC")]
    for label, key in (
        ("Number", "number"),
        ("Status", "status"),
        ("Date of issue", "issuing_date"),
        ("Payment due", "payment_due_date"),
    ):
        told_of.append((label, word(values.get(key))))
    lines = [(one.label, one.units, str(one.amount)) for one in figures if one.kind == "line"]
    blocks: list[Block] = [Pairs(told_of)]
    if lines:
        blocks.append(Table(("Line item", "Units", "Amount"), lines, right=(1, 2)))
    blocks.append(Table(("", ""), [*_sums(figures)], right=(1,), has_sum=True))
    yield Section("The invoice after it", blocks)


def _sums(figures: Sequence[Figure]) -> Iterator[tuple[str, str]]:
    """The sums that are not zero, and the total at the end."""
    for one in figures:
        if one.kind == "sum" and one.label == "taxes":
            yield from ((tax.label, str(tax.amount)) for tax in figures if tax.kind == "tax")
        elif one.kind == "sum" and one.label in ADDED:
            yield ADDED[one.label], str(one.amount)
        elif one.kind == "sum" and one.label in TAKEN and one.amount.cents:
            yield TAKEN[one.label], str(one.amount)
    yield from (("Total", str(one.amount)) for one in figures if one.kind == "sum" and one.label == "total")


ADDED = {"fees": "Fees"}
TAKEN = {
    "billed before": "Billed before",
    "coupons": "Coupons",
    "credit notes": "Credit notes",
    "prepaid credits": "Prepaid credits",
}


def _checked(account: Account) -> Iterator[Section]:
    verdicts = account.all("check.verdict")
    if not verdicts:
        return
    cells = [
        (
            word(data.get("verdict")),
            PHASES.get(word(data.get("phase")), ""),
            word(data.get("check")),
            " ".join(_said(data)),
        )
        for data in (one.record.data for one in verdicts)
    ]
    yield Section("Checks", [Table(("Verdict", "Figures", "Check", "What it found"), cells)])


def _said(data: Data) -> Iterator[str]:
    yield word(data.get("message"))
    if data.get("verdict") != "pass" and data.get("fix"):
        yield f"(to do: {data['fix']})"


def _entry(one: Kept) -> Entry:
    """One record: its number, type and step, when, and what it says."""
    record = one.record
    title = f"{record.type}  {record.step}" if record.step else record.type
    lines = told(record)
    if record.type == "consent.asked":
        lines = [*lines[:1], ("", "the figures are shown above, whole")]
    kind = WEIGHT.get(record.type) or VERDICTS.get(word(record.data.get("verdict")), "plain")
    return Entry(f"#{record.seq}", title, f"{when(record.ts)}  {one.hash[:12]}", kind, lines)
