"""`python -m cel_oracle compare` asks the oracle live; `record` writes the corpus anew; `show` prints some expressions."""

from __future__ import annotations

import argparse
import sys

from cel_oracle.asking import SETTING, Oracle, oracle_python
from cel_oracle.cases import blocks
from cel_oracle.comparing import compare, smallest
from cel_oracle.corpus import record, write


def main() -> int:
    """Exit code 1 when there is a disagreement, 2 when there is no oracle."""
    parser = argparse.ArgumentParser(prog="python -m cel_oracle", description=__doc__)
    parser.add_argument("what", choices=("compare", "record", "show"))
    parser.add_argument(
        "--count", type=int, default=100_000, help="how many expressions to compare or show (default: 100,000)"
    )
    parser.add_argument("--seed", type=int, default=1, help="another seed, other expressions (default: 1)")
    parser.add_argument("--python", help=f"a Python that has cel-expr-python (default: ${SETTING}, or this one)")
    parser.add_argument("--shrink", type=int, default=10, help="how many disagreements to make smaller (default: 10)")
    wanted = parser.parse_args()
    if wanted.what == "show":
        for block in blocks(wanted.seed, wanted.count):
            sys.stdout.writelines(f"{case.made:8} {case.text!r}\n" for case in block.cases)
        return 0
    python = wanted.python or oracle_python()
    if python is None:
        sys.stderr.write(
            f"There is no oracle: name a Python 3.12 or newer that has cel-expr-python with --python or {SETTING}.\n"
        )
        return 2
    with Oracle(python) as oracle:
        if wanted.what == "record":
            sys.stdout.write(write(record(oracle, wanted.seed)) + "\n")
            return 0
        tally = compare(oracle, wanted.seed, wanted.count)
        few = tally.disagreements[: wanted.shrink]
        tally.disagreements[: wanted.shrink] = [smallest(oracle, one) for one in few]
    sys.stdout.write(tally.told() + "\n")
    return 1 if tally.disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
