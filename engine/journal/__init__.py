"""The journal: every event of every run, durable and chained, audit log and write-ahead log at once. Floor 2."""

from engine.journal.chain import Record
from engine.journal.effects import EffectState, IntentHeld
from engine.journal.files import is_shared
from engine.journal.ids import new_run_id
from engine.journal.reading import Reader
from engine.journal.runs import RunSummary
from engine.journal.sqlite import JournalBroken
from engine.journal.verify import NoJournal, Report, verify
from engine.journal.writing import Journal

__all__ = [
    "EffectState",
    "IntentHeld",
    "Journal",
    "JournalBroken",
    "NoJournal",
    "Reader",
    "Record",
    "Report",
    "RunSummary",
    "is_shared",
    "new_run_id",
    "verify",
]
