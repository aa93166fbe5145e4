"""A step that writes and a step that cannot be undone, neither of runbook: contracts in a file, read, reviewed and closed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CONTRACTS = '''
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from engine.api import (
    Answer, Change, Check, Confirmed, Deed, Effect, Fact, Fetched, Field, Here, Money, NeverSent, NoAnswer, OneWayStep,
    Params, Preview, ReadStep, Refused, Replied, Request, Ruling, Sighting, StepParams, Unreachable, Verdict, Words,
    World, WriteStep, denied, passed,
)

HERE = Path(__file__).parent


class Contract(Fact):
    CLEAR: ClassVar[tuple[str, ...]] = ("number", "customer", "ceiling", "status", "is_reviewed")
    NOUN: ClassVar[str] = "contract"

    number: str
    customer: str
    ceiling: Money
    status: str
    is_reviewed: bool

    def figures(self) -> Any:
        return self.clear()

    def summary(self) -> str:
        return f"{self.number}, {self.status}, up to {self.ceiling}"

    def named(self) -> str:
        return f"contract {self.number}"

    def reads(self) -> str:
        return self.status


def load(number: str) -> tuple[dict[str, Any], dict[str, Any]]:
    register = json.loads((HERE / "register.json").read_text("utf-8"))
    return register, register["contracts"][number]


def answered(number: str, verb: str, **changes: Any) -> Answer:
    """What the register answers to a write; `fault` in it says how it misbehaves."""
    register, row = load(number)
    fault = register.get("fault", "")
    register["log"].append(f"{verb} {number}")
    if fault == f"{verb} refused":
        return Replied(422, None, {"code": "locked"}, True, 0.0)
    if fault != f"{verb} lost before":
        row.update(changes)
    (HERE / "register.json").write_text(json.dumps(register), "utf-8")
    return NoAnswer("the line went dead", 0.0) if fault.startswith(f"{verb} lost") else Replied(200, row, None, True, 0.0)


class GetContract(StepParams):
    number: str = Field(description="the contract's number")


def fetched(number: str, world: World) -> Fetched[Contract]:
    _, row = load(number)
    contract = Contract(**{**row, "ceiling": Money.parse(row["ceiling"])}, number=number)
    return Fetched(contract, (Request("READ", f"contracts/{number}"),), world.clock.now(), 0.0)


class Reviewed(StepParams):
    contract: Contract = Field(description="the contract that was looked at")


def require_done(params: Reviewed, answer: Answer) -> None:
    match answer:
        case Replied(status=200):
            return
        case Replied(status=status):
            raise Refused(f"the register refused it: {status}", hint="Ask legal.")
        case NeverSent(why=why) | NoAnswer(why=why):
            raise Unreachable(f"the register gave no answer: {why}", hint="Look there.")


class Closed(Deed):
    CLEAR: ClassVar[tuple[str, ...]] = ("number", "outcome", "status", "attribution")

    number: str


class Close(StepParams):
    confirmed: Confirmed = Field(description="what was confirmed")


def of(confirmed: Confirmed) -> Contract:
    contract = confirmed.of(Contract)
    assert contract is not None
    return contract


def key_of(target: Fact | str, world: World) -> str | None:
    number = target.number if isinstance(target, Contract) else target
    return f"acme/register/contract/{number}/close" if isinstance(number, str) else None


def target(params: Close) -> dict[str, Any]:
    contract = of(params.confirmed)
    return {"id": contract.number, "customer": contract.customer}


def preview(confirmed: Confirmed, world: World) -> Preview:
    contract = of(confirmed)
    return Preview(
        action="close", request=f"CLOSE contracts/{contract.number}", irreversible="ONE WAY. Nobody opens it again.",
        subject=(("customer", contract.customer), ("contract", contract.number)), lines=(),
        sums=(("ceiling", str(contract.ceiling)),), changes=(Change("status", contract.status, "closed", "certain"),),
        deductions=None, afterwards=("legal is told",), system="the register",
    )


def to_type(facts: Mapping[str, Fact]) -> dict[str, Any]:
    return {"ceiling": fact.ceiling for fact in facts.values() if isinstance(fact, Contract)}


def state_of(fact: Fact) -> str:
    known = {"open": "not_applied", "closed": "applied"}
    return known.get(fact.status, "unreadable") if isinstance(fact, Contract) else "unreadable"


def send(params: Close, world: World, request_id: str) -> Answer:
    return answered(of(params.confirmed).number, "close", status="closed")


def judge(params: Close, answer: Answer) -> Ruling:
    number = of(params.confirmed).number
    match answer:
        case Replied(status=200):
            done = Closed(number=number, outcome="closed", status="closed", attribution="ours")
            return Ruling("done", "closed", done, attribution="ours")
        case Replied(status=status, error=error):
            return Ruling("rejected", f"{status} {error['code']}", attribution="ours", said={"status": status})
        case NeverSent(why=why):
            return Ruling("not_sent", why, attribution="ours")
        case NoAnswer(why=why):
            return Ruling("unknown", f"sent, {why}")


def sight(params: Close, world: World) -> Sighting:
    seen = fetched(of(params.confirmed).number, world)
    return Sighting(state_of(seen.value), seen.value.status, seen.requests, seen.value)


def conclude(params: Close, sighting: Sighting, attribution: str) -> Fact:
    number = of(params.confirmed).number
    return Closed(number=number, outcome="closed", status=sighting.status, attribution=attribution)


class IsClosed(Params):
    contract: Contract = Field(description="the contract as it reads now")


def is_closed(params: IsClosed, here: Here) -> Verdict:
    return passed("it is closed") if params.contract.status == "closed" else denied("it is not closed", "Ask legal.")


class HasCeiling(Params):
    contract: Contract = Field(description="the contract")
    expected: Money | None = Field(default=None, description="the ceiling that is expected")


def has_ceiling(params: HasCeiling, here: Here) -> Verdict:
    if params.expected is None or params.expected == params.contract.ceiling:
        return passed(f"its ceiling is {params.contract.ceiling}")
    return denied(f"its ceiling is {params.contract.ceiling}, and {params.expected} is expected", "Ask legal.")


CHECKS = {
    "acme.has_ceiling": Check(name="acme.has_ceiling", title="Its ceiling", Params=HasCeiling, judge=has_ceiling),
    "acme.is_closed": Check(name="acme.is_closed", title="It is closed", Params=IsClosed, judge=is_closed),
}
STEPS = {
    "acme.get_contract": ReadStep(
        name="acme.get_contract", title="Read the contract", effect=Effect.READ, Params=GetContract, Fact=Contract,
        read=lambda params, world: fetched(params.number, world),
    ),
    "acme.mark_reviewed": WriteStep(
        name="acme.mark_reviewed", title="Mark it as reviewed", effect=Effect.WRITE, Params=Reviewed, Fact=Contract,
        renews="contract", request=lambda params, world: Request("REVIEW", f"contracts/{params.contract.number}"),
        send=lambda params, world: answered(params.contract.number, "review", is_reviewed=True),
        require_done=require_done, reread=lambda params, world: fetched(params.contract.number, world),
        sent="a review was sent", did="the contract was marked as reviewed", noun="a review",
    ),
    "acme.close_contract": OneWayStep(
        name="acme.close_contract", title="Close the contract", effect=Effect.ONE_WAY, Params=Close, Fact=Closed,
        key_of=key_of, target=target, preview=preview, foresee=lambda facts, world: {}, to_type=to_type,
        request=lambda params, world: Request("CLOSE", f"contracts/{of(params.confirmed).number}"),
        state_of=state_of, sealed=lambda fact: "closed",
        words=Words(verb="close", done="closed", noun="contract", before="it open", system="the register"),
        send=send, judge=judge, sight=sight, could_vanish=lambda params: False, conclude=conclude, acts_on=Contract,
    ),
}
'''

CLOSE = """runbook: close_contract
version: 1
title: Close a contract
summary: Closes a contract for good. One way.
inputs:
  contract: {type: text}
  ceiling: {type: money, optional: true}
subject: acme:contract:${contract.number}
steps:
  - {id: contract, step: acme.get_contract, with: {number: "${inputs.contract}"}}
  - {id: reviewed, step: acme.mark_reviewed, with: {contract: "${contract}"}}
  - {id: as_expected, check: acme.has_ceiling, with: {contract: "${reviewed}", expected: "${inputs.ceiling}"}}
  - {id: policy, policy: [closing]}
  - {id: consent, confirm: "${contract.customer}", with: {contract: "${reviewed}"}}
  - {id: close, step: acme.close_contract, with: {confirmed: "${consent}"}}
  - {id: closed, step: acme.get_contract, with: {number: "${close.number}"}}
  - {id: is_closed, check: acme.is_closed, with: {contract: "${closed}"}}
"""

CLOSING = """apiVersion: policy/v1
kind: PolicySet
metadata: {name: closing, version: "1"}
applies_to: {actions: [acme.close_contract]}
policies:
  - {id: admin, title: An admin closes it, require: '"billing_admin" in operator.roles', effect: deny}
"""


def register(folder: Path, fault: str = "") -> Path:
    """A register with one open contract, which misbehaves like this."""
    path = folder / "register.json"
    row = {"customer": "cus_hooli", "ceiling": "1000.00 EUR", "status": "open", "is_reviewed": False}
    path.write_text(json.dumps({"fault": fault, "log": [], "contracts": {"C-1": row}}), encoding="utf-8")
    return path


def written(path: Path) -> tuple[list[str], dict[str, Any]]:
    """What was sent to a register, and its contract."""
    found = json.loads(path.read_text("utf-8"))
    return found["log"], found["contracts"]["C-1"]
