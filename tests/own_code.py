"""Steps and checks that did not come with runbook, for tests: files written, packages laid down as an installer would."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

from engine.registry import Registry, here
from engine.settings import load

CHECK = """
from engine.api import Check, Field, Here, Invoice, Money, Params, Verdict, denied, passed


class TotalWithinLimit(Params):
    invoice: Invoice = Field(description="the invoice whose total to look at")
    limit: Money = Field(description="the most that it may come to")


def judge(params: TotalWithinLimit, here: Here) -> Verdict:
    total = params.invoice.total
    if total.cents > params.limit.cents:
        return denied(f"the total is {total}, more than {params.limit}", "Have it looked at.")
    return passed(f"the total is {total}, not more than {params.limit}")


CHECK = Check(name="acme.within_limit", title="The total is small", Params=TotalWithinLimit, judge=judge)
CHECKS = {"acme.within_limit": CHECK}
"""

STEP = """
from typing import Any, ClassVar

from engine.api import Customer, Effect, Fact, Fetched, Field, Money, ReadStep, Request, StepParams, World


class Contract(Fact):
    CLEAR: ClassVar[tuple[str, ...]] = ("number", "ceiling")

    number: str
    ceiling: Money

    def figures(self) -> Any:
        return self.clear()

    def summary(self) -> str:
        return f"{self.number}, up to {self.ceiling}"


class Params(StepParams):
    customer: Customer = Field(description="whose contract")


def read(params: Params, world: World) -> Fetched[Contract]:
    contract = Contract(number="C-1", ceiling=Money(100_000, params.customer.currency or "EUR"))
    return Fetched(contract, (Request("GET", "contracts/C-1"),), world.clock.now(), 0.0)


STEP = ReadStep(
    name="acme.get_contract", title="Read the contract", effect=Effect.READ, Params=Params, Fact=Contract, read=read
)
STEPS = {"acme.get_contract": STEP}
"""

REVIEW = """runbook: review
version: 1
title: Review a draft
summary: Looks at a draft, and changes nothing.
inputs:
  invoice: {type: invoice_id}
subject: lago:invoice:${draft.lago_id}
steps:
  - {id: draft, step: lago.get_invoice, with: {invoice: "${inputs.invoice}"}}
  - {id: small, check: acme.within_limit, with: {invoice: "${draft}", limit: 1000.00 EUR}}
"""

CONTRACT_STEPS = """  - {id: customer, step: lago.get_customer, with: {invoice: "${draft}"}}
  - {id: contract, step: acme.get_contract, with: {customer: "${customer}"}}
  - {id: agreed, check: acme.within_limit, with: {invoice: "${draft}", limit: "${contract.ceiling}"}}
"""


def write(folder: Path, name: str, text: str) -> Path:
    """A file with this text, its first and last empty lines and its indentation taken away."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    path.chmod(0o644)
    return path


def install(folder: Path, package: str, points: Mapping[str, Mapping[str, str]], version: str = "1.2") -> None:
    """What an installer leaves of a package beside its modules: its metadata and its table of entry points."""
    info = folder / f"{package.replace('-', '_')}-{version}.dist-info"
    write(info, "METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in of.items()) for group, of in points.items()
    ]
    write(info, "entry_points.txt", "\n".join(lines))


def registry(folder: Path, *files: Path, **env: str) -> Registry:
    """The registry of a shell in this folder that names these files."""
    named = {"RUNBOOK_EXTENSIONS": ":".join(map(str, files))} if files else {}
    return here(lambda: load({}, {**named, **env}, folder, folder / "home"))
