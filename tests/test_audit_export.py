"""`audit export`: what lies in the folder, who may see what in it, and what happens to folders that are there already."""

from __future__ import annotations

import csv
import io
import json
import re
import stat
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from export_builders import export, interleaved, judged, manifest_of
from fabricated_run import HOSTILE, INVOICE, Records, consented, ended, finalized, hostile, not_as_confirmed, started
from journal_builders import START, behind, bodies, opened, small

from engine.errors import UsageFault
from engine.events import Recorded
from engine.journal import NoJournal
from engine.render import document_html, document_text, spreadsheet
from engine.render.account import Account, Kept
from engine.render.document import Document
from engine.render.evidence import Evidence
from engine.render.report import report
from engine.render.stylesheet import STYLE

FILES = {
    "README.txt", "events.csv", "figures.csv", "manifest.json", "records.jsonl", "report.html", "report.txt", "runs.csv",
    "verify.py",
}  # fmt: skip
EVIDENCE = Evidence("R1M3D2HKPG848YFH", 41, 62, "5c80ed67" * 8, "2026-08-22T14:03:02.402113Z", 12, 10, False)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A journal of three runs."""
    return interleaved(tmp_path / "journal.db")


def account(events: list[Any]) -> Account:
    """The run that these events tell."""
    records = [event for event in events if isinstance(event, Recorded)]
    return Account(records[0].run, [Kept(one, f"{one.seq:064x}", "ops-1") for one in records])


def test_of_a_run_that_applied_a_plan_the_approvals_are_exported_whole_with_their_signatures(tmp_path: Path) -> None:
    mark, other = ({"plan": f"sha256:{digit * 64}", "subject": f"plan:sha256:{digit * 64}"} for digit in "01")
    signed = {"approval": {"approver": "omar", "plan": mark["plan"]}, "signature": "-----BEGIN SSH SIGNATURE-----"}
    with opened(tmp_path / "journal.db") as journal:
        for run, type, data in (
            ("PLANNED", "plan.made", mark),
            ("OMAR", "approval.given", mark | signed),
            ("ANN", "approval.given", other | {"signature": "of another plan"}),
            ("RUN1", "consent.given", mark),
            ("LATE", "approval.rejected", mark | signed),
        ):
            journal.append(run, "run.start", None, START)
            journal.append(run, type, None, data)
            journal.append(run, "run.end", None, {"exit": 0, "outcome": "done", "message": run})
    assert export(tmp_path / "journal.db", tmp_path / "out", "RUN1")[0] == 0
    lines = (tmp_path / "out" / "records.jsonl").read_text().splitlines()
    shown = [json.loads(line) for line in lines if not line.startswith('{"sealed"')]
    told = [(one["run"], one["type"]) for one in shown if one["run"] != "RUN1"]
    assert told == [("PLANNED", "plan.made"), ("OMAR", "approval.given"), ("LATE", "approval.rejected")]
    assert shown[1]["data"]["signature"] == signed["signature"]
    assert "of another plan" not in "".join(lines)
    code, said = judged(tmp_path / "out")
    assert (code, "HOLDS" in said) == (0, True), said


def read_back(record: Records) -> Recorded:
    """The invoice as it was read after the call."""
    fee = {"amount_cents": 4900, "amount_currency": "EUR", "units": "1", "item": {"name": "Growth"}}
    tax = {"amount_cents": 20140, "amount_currency": "EUR", "tax_name": "VAT 19%"}
    values = {
        "number": "ACM-014-003", "status": "finalized", "issuing_date": "2026-08-22", "currency": "EUR", "fees": [fee],
        "applied_taxes": [tax], "fees_amount_cents": 106000, "taxes_amount_cents": 20140, "total_amount_cents": 126140,
        "coupons_amount_cents": 0,
    }  # fmt: skip
    return record("fact", "issued", kind="Invoice", phase="verify", digest="sha256:00", requests=[], values=values)


def whole() -> Account:
    """A run from its beginning to its end, with the invoice after it and two verdicts."""
    record = Records()
    return account(
        [
            started(record),
            record(
                "check.verdict", "operator", check="operator_has_role", verdict="pass", message="fine", phase="operator"
            ),
            record(
                "check.verdict",
                "sums",
                check="totals_add_up",
                verdict="warn",
                message="odd",
                fix="Look.",
                phase="first",
            ),
            *consented(record),
            record(
                "effect.done", "finalize", why="Lago answered `finalized`", answer={"status": 200, "seconds": "1.1"}
            ),
            read_back(record),
            ended(record, 0, "finalized", "Finalized ACM-014-003 for 1,261.40 EUR."),
        ]
    )


# The folder


def test_the_folder_holds_what_the_manual_says_and_the_manifest_names_all_of_it(journal: Path, tmp_path: Path) -> None:
    code, said = export(journal, tmp_path / "out", "RUN1")
    made = tmp_path / "out"
    (blob,) = (made / "blobs").iterdir()
    assert code == 0
    assert {path.name for path in made.iterdir()} == FILES | {"blobs"}
    assert set(manifest_of(made)["files"]) == FILES - {"manifest.json"} | {f"blobs/{blob.name}"}
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".out")] == []
    assert said.splitlines()[0] == f"wrote\t{made}: 1 run, 6 records shown and 9 by their links alone"


def test_a_program_gets_one_line_with_every_digest(journal: Path, tmp_path: Path) -> None:
    _, said = export(journal, tmp_path / "out", "RUN1", "RUN2", format="json")
    told = json.loads(said)
    manifest = manifest_of(tmp_path / "out")
    assert (told["type"], told["v"], told["folder"]) == ("export", 1, str(tmp_path / "out"))
    assert {key: told[key] for key in ("log", "head", "first", "runs", "files", "journal")} == {
        key: manifest[key] for key in ("log", "head", "first", "runs", "files", "journal")
    }
    assert told["runs"] == ["RUN1", "RUN2"]
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", told["manifest"])


def test_the_command_that_checks_it_can_be_pasted(journal: Path, tmp_path: Path) -> None:
    _, said = export(journal, tmp_path / "for the auditor", "RUN1")
    assert f"check\tpython3 '{tmp_path}/for the auditor/verify.py'\n" in said


def test_the_same_export_has_the_same_bytes_whenever_it_is_made(journal: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        export(journal, tmp_path / name, "RUN1")
    for path in (tmp_path / "one").rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_the_records_are_the_stored_bytes(journal: Path, tmp_path: Path) -> None:
    export(journal, tmp_path / "out", is_whole=True)
    assert (tmp_path / "out" / "records.jsonl").read_bytes().splitlines() == bodies(journal)


def test_nothing_is_written_to_the_journal(journal: Path, tmp_path: Path) -> None:
    before = bodies(journal)
    export(journal, tmp_path / "out", "RUN1")
    assert bodies(journal) == before


def test_an_earlier_export_is_replaced_and_nothing_else_is(journal: Path, tmp_path: Path) -> None:
    made = tmp_path / "out"
    export(journal, made, "RUN1")
    export(journal, made, "RUN2")
    assert manifest_of(made)["runs"] == ["RUN2"]
    (made / "notes.txt").write_text("mine")
    with pytest.raises(UsageFault, match="holds other files than an earlier export"):
        export(journal, made, "RUN1")
    assert (made / "notes.txt").read_text() == "mine"
    assert manifest_of(made)["runs"] == ["RUN2"]


def test_an_empty_folder_is_taken_and_a_missing_one_made(journal: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "a" / "b"):
        assert export(journal, folder, "RUN1")[0] == 0
        assert judged(folder)[0] == 0


@pytest.mark.parametrize("there", ["a file", "a folder with a file", "a file in the way"])
def test_what_somebody_else_put_there_stays(journal: Path, tmp_path: Path, there: str) -> None:
    place = tmp_path / "out"
    if there == "a folder with a file":
        place.mkdir()
        (place / "manifest.json").write_text('{"type": "other", "files": {}}')
    else:
        place.write_text("mine")
    wanted = place / "below" if there == "a file in the way" else place
    with pytest.raises(UsageFault) as refused:
        export(journal, wanted, "RUN1")
    assert str(wanted) in refused.value.message
    assert refused.value.hint


def test_a_run_that_is_not_there_leaves_no_folder(journal: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="no run begins with `NOPE`"):
        export(journal, tmp_path / "out", "NOPE")
    with pytest.raises(UsageFault, match="the beginning of several runs: RUN1, RUN2"):
        export(journal, tmp_path / "out", "RUN")
    with pytest.raises(NoJournal):
        export(tmp_path / "missing.db", tmp_path / "out", "RUN1")
    assert not (tmp_path / "out").exists()


def test_a_journal_that_is_not_intact_is_exported_and_says_so_everywhere(tmp_path: Path) -> None:
    path = small(tmp_path / "journal.db")
    behind(path, "UPDATE event SET body=CAST(replace(body, 'pass', 'deny') AS BLOB) WHERE seq=4")
    code, said = export(path, tmp_path / "out", "RUN1")
    made = tmp_path / "out"
    assert code == 9
    assert "NOT intact\tthe journal: its bytes, or the hash beside them, were changed" in said
    for name in ("report.html", "report.txt", "README.txt"):
        assert "Journal NOT intact: record #4" in (made / name).read_text()
    assert judged(made) == (
        1,
        "DOES NOT HOLD: record #5: it does not follow from the record before it: one of both was changed\n",
    )


def test_what_only_the_columns_show_is_passed_on_by_the_manifest(tmp_path: Path) -> None:
    path = small(tmp_path / "journal.db")
    behind(path, "UPDATE event SET subject='lago:invoice:other' WHERE seq=3")
    assert export(path, tmp_path / "out", "RUN1")[0] == 9
    code, said = judged(tmp_path / "out")
    assert code == 1
    assert "DOES NOT HOLD: the journal was NOT intact: 'the column `subject` says" in said


def test_bytes_that_are_no_record_are_passed_on_as_they_are(tmp_path: Path) -> None:
    path = small(tmp_path / "journal.db")
    behind(path, "UPDATE event SET body=x'7b0aff' WHERE seq=4")
    assert export(path, tmp_path / "out", "RUN1")[0] == 9
    line = (tmp_path / "out" / "records.jsonl").read_bytes().splitlines()[2]
    assert json.loads(line)["sealed"]["tail"].encode("latin-1") == b"{\n\xff"
    code, why = judged(tmp_path / "out")
    assert (code, why.startswith("CANNOT BE READ: record #4: ")) == (1, True), why


# The report


class Page(HTMLParser):
    """What a browser would see: tags, attributes and text, and whether every tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)


def texts(document: Document) -> tuple[Page, str]:
    return Page(document_html.render(document)), document_text.render(document)


def test_the_report_as_text_is_this_screen(screen: Any) -> None:
    screen("report_of_one_run", document_text.render(report(EVIDENCE, [whole()])))


def test_both_reports_say_the_same_words() -> None:
    page, text = texts(report(EVIDENCE, [whole()]))
    words = set(re.findall(r"\w+", " ".join(page.text).lower()))
    assert words == set(re.findall(r"\w+", text.lower()))
    assert {"jane", "acme", "126140"} & words == {"jane", "acme"}
    assert "1,261.40 EUR" in text


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing() -> None:
    html = document_html.render(report(EVIDENCE, [whole(), account(finalized())]))
    page = Page(html)
    assert page.open == []
    assert page.tags & {"script", "img", "link", "iframe", "object", "form", "svg", "base"} == set()
    assert {name for name, _ in page.attributes} == {
        "charset", "class", "content", "href", "http-equiv", "id", "lang", "name",
    }  # fmt: skip
    assert all(value.startswith("#") for name, value in page.attributes if name == "href")
    assert "url(" not in html
    assert "@import" not in html
    assert "http:" not in html
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style == STYLE
    assert "default-src 'none'; style-src 'sha256-" in html.replace("&#x27;", "'")


def test_links_within_the_page_lead_somewhere() -> None:
    page = Page(document_html.render(report(EVIDENCE, [whole(), account(finalized())])))
    targets = {value[1:] for name, value in page.attributes if name == "href"}
    assert targets
    assert targets <= {value for name, value in page.attributes if name == "id"}


def test_a_hostile_name_is_text_everywhere() -> None:
    page, text = texts(report(EVIDENCE, [account([*hostile(HOSTILE), *hostile("</td><script>alert(1)</script>")])]))
    assert page.open == []
    assert "script" not in page.tags
    assert "b" not in page.tags
    for shown in ("".join(page.text), text):
        assert re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066\u200b\u2028]", shown) == []
        assert r"\x1b]0;owned\x07" in shown
        assert "<script>alert(1)</script>" in shown


def test_records_of_an_age_that_lacks_every_field_are_told_as_far_as_they_go() -> None:
    record = Records()
    bare = [record(type, "step") for type in ("run.start", "fact", "check.verdict", "consent.asked", "consent.given")]
    bare += [record(type, "step") for type in ("effect.intent", "effect.done", "run.end")]
    page, text = texts(report(EVIDENCE, [account(bare)]))
    assert page.open == []
    assert "Run 01J9Z4KQ8M3V   [not ended]" in text


def test_an_invoice_that_is_not_as_confirmed_is_told_in_red_with_what_moved() -> None:
    html = document_html.render(report(EVIDENCE, [account(not_as_confirmed())]))
    assert '<span class="mark bad">not as confirmed (14)</span>' in html
    assert "fee API calls: confirmed 286.11 EUR, issued 901.11 EUR, 615.00 EUR more" in html


# The tables


def rows(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    assert text.count("\r\n") == text.count("\n")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_a_run_is_one_line_with_its_total_as_a_number() -> None:
    (row,) = rows(spreadsheet.runs([whole()]))
    assert row["run"] == "01J9Z4KQ8M3V"
    assert (row["operator"], row["outcome"], row["exit"]) == ("jane", "finalized", "0")
    assert (row["currency"], row["total"], row["total_minor_units"]) == ("EUR", "1261.40", "126140")
    assert (row["invoice_lago_id"], row["first_record"], row["last_record"]) == (INVOICE, "41", "49")


def test_every_record_is_a_line_with_its_hash() -> None:
    found = rows(spreadsheet.events([whole()]))
    assert [row["record"] for row in found] == [str(seq) for seq in range(41, 50)]
    assert found[2]["verdict"] == "warn"
    assert found[2]["says"] == "warn: odd | to do: Look."
    assert found[0]["hash_sha256"] == f"{41:064x}"


def test_every_amount_is_a_line_as_shown_and_as_issued() -> None:
    found = rows(spreadsheet.figures([whole()]))
    told = [(row["figures"], row["kind"], row["label"], row["amount"], row["amount_minor_units"]) for row in found]
    assert told == [
        ("shown", "line", "Growth", "49.00", "4900"),
        ("shown", "line", "API calls", "1011.00", "101100"),
        ("shown", "sum", "fees", "1060.00", "106000"),
        ("shown", "sum", "VAT 19%", "201.40", "20140"),
        ("shown", "sum", "total", "1261.40", "126140"),
        ("after", "line", "Growth", "49.00", "4900"),
        ("after", "tax", "VAT 19%", "201.40", "20140"),
        ("after", "sum", "fees", "1060.00", "106000"),
        ("after", "sum", "coupons", "0.00", "0"),
        ("after", "sum", "taxes", "201.40", "20140"),
        ("after", "sum", "total", "1261.40", "126140"),
    ]


def test_a_line_has_the_name_of_the_preview_and_what_is_taken_off_its_minus() -> None:
    record = Records()
    item = {"name": "Exports", "invoice_display_name": "Report exports", "filters": {"region": ["eu", "us"]}}
    fee = {"amount_cents": 500, "amount_currency": "EUR", "item": item, "lago_true_up_parent_fee_id": "1"}
    values = {
        "currency": "EUR", "fees": [fee], "fees_amount_cents": 500, "coupons_amount_cents": 100,
        "prepaid_credit_amount_cents": 50, "total_amount_cents": 350,
    }  # fmt: skip
    end = record("fact", "issued", kind="Invoice", phase="verify", digest="sha256:00", requests=[], values=values)
    told = [(row["label"], row["amount"]) for row in rows(spreadsheet.figures([account([end])]))]
    assert told == [
        ("Report exports (eu us, true-up)", "5.00"),
        ("fees", "5.00"),
        ("coupons", "-1.00"),
        ("prepaid credits", "-0.50"),
        ("total", "3.50"),
    ]
    assert "  Coupons          -1.00 EUR" in document_text.render(report(EVIDENCE, [account([end])]))


def test_a_clock_that_was_set_is_told_with_its_zone() -> None:
    start = Records()("run.start", clock="2026-11-23T12:00:00.000000Z")
    said = document_text.render(report(EVIDENCE, [account([start])]))
    assert re.search(r"Clock +set to 2026-11-23 12:00:00 UTC for this run: not real time\n", said)


def test_a_record_of_another_day_shows_its_date() -> None:
    later = Records(day="2026-08-25")("operator.resolve", "finalize", operator="ann", word="reissue", reason="asked")
    said = document_text.render(
        report(EVIDENCE, [Account(whole().run, [*whole().kept, Kept(later, "0" * 64, "ops-1")])])
    )
    assert re.search(r"#41 +A person's word +2026-08-25 14:02:41  000000000000", said)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", '"\'=1+1"'),
        ("+49 30 1", '"\'+49 30 1"'),
        ("-cmd|' /C calc'!A0", "\"'-cmd|' /C calc'!A0\""),
        ("@SUM(A1)", '"\'@SUM(A1)"'),
        ("  =1+1", '"  \'=1+1"'),
        ("\t=1+1", '"\\x09=1+1"'),
        ("\uff1d1+1", '"\'\uff1d1+1"'),
        ("Acme; =1+1", '"Acme; \'=1+1"'),
        ('Acme";=HYPERLINK("x")', '"Acme"";\'=HYPERLINK(""x"")"'),
        ("Acme\r\n=1+1", '"Acme\\x0d\\x0a=1+1"'),
        ("-12.50", '"-12.50"'),
        ("2026-08-22", '"2026-08-22"'),
        (-1250, "-1250"),
        (None, ""),
    ],
)
def test_no_text_is_a_formula_in_a_spreadsheet(text: object, cell: str) -> None:
    assert spreadsheet.cell(text) == cell
