"""Google's CEL asked live: a hundred thousand expressions, and no disagreement without a written reason.

There is nothing to collect where there is no oracle (Python 3.12 or newer with the extra `oracle`, or one named by
`RUNBOOK_CEL_ORACLE`): what holds everywhere is the recorded corpus, `test_cel_oracle.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cel_oracle.asking import Oracle, oracle_python
from cel_oracle.comparing import compare
from cel_oracle.conformance import ERROR, ROWS
from cel_oracle.corpus import read
from cel_oracle.differences import DIFFERENCES, agree
from cel_oracle.facts import Facts

pytestmark = pytest.mark.campaign
PYTHON = oracle_python()

if PYTHON is not None:

    @pytest.fixture
    def oracle() -> Iterator[Oracle]:
        """A process of the oracle."""
        with Oracle(str(PYTHON)) as asked:
            yield asked

    def test_a_hundred_thousand_expressions_mean_the_same(oracle: Oracle) -> None:
        tally = compare(oracle, seed=2026, count=100_000)
        assert sum(tally.pairs.values()) >= 100_000
        assert tally.disagreements == [], tally.told()
        values = tally.pairs["typed", "is", "is"]
        assert values > 60_000, tally.told()

    def test_the_oracle_says_what_was_recorded_of_it(oracle: Oracle) -> None:
        for recorded in read():
            oracle.ask(recorded.facts, [asked for _, _, _, asked in recorded.cases])
            for (_, text, outcome, _), now in zip(recorded.cases, oracle.answers(), strict=True):
                assert now.keys() == outcome.keys(), text
                assert now.get("is") == outcome.get("is"), text

    def test_the_oracle_keeps_to_the_specification(oracle: Oracle) -> None:
        for section, rows in ROWS.items():
            oracle.ask(Facts({}, {}), [text for text, _ in rows])
            for (text, wanted), outcome in zip(rows, oracle.answers(), strict=True):
                assert agree(outcome, {"failed": ""} if wanted == ERROR else {"is": wanted}), (section, text, outcome)

    def test_the_oracle_says_of_each_difference_what_is_written(oracle: Oracle) -> None:
        for one in DIFFERENCES:
            oracle.ask(one.facts, [one.example])
            (outcome,) = oracle.answers()
            assert outcome.keys() == one.theirs.keys(), (one.name, outcome)
            assert outcome.get("is") == one.theirs.get("is"), (one.name, outcome)
