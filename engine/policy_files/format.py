"""The keys of a policy file: what each holds, whether it must be there, and what it is for. Floor 4.

Reading, and a test of `docs/policies.md`, go by these tables; nothing else lists the keys.
"""

from __future__ import annotations

from engine.source import Node
from engine.validation.format import NAME
from engine.validation.keys import Codes, Key

API_VERSION = "policy/v1"
KIND = "PolicySet"
CODES = Codes(unknown="RP002", wrong="RP001", missing="RP003")

# What a policy, which is spoken of on screens and command lines, may be called; names within expressions are as elsewhere.
POLICY_ID = "[a-z][a-z0-9]*([-_][a-z0-9]+)*"
VARIABLE = NAME

SET = {
    "apiVersion": Key(str, True, f"`{API_VERSION}`"),
    "kind": Key(str, True, f"`{KIND}`"),
    "metadata": Key(dict, True, "what the set is called, its version, and who owns it"),
    "applies_to": Key(dict, False, "the actions and environments that it decides about; without it, all of them"),
    "facts": Key(dict, False, "the facts that it reads, each with its kind; a runbook hands them over under `with:`"),
    "types": Key(
        dict, False, "the types of params whose values do not tell them: an empty list, one that may be absent"
    ),
    "params": Key(dict, False, "limits and lists, apart from the logic: a value for each name"),
    "environments": Key(dict, False, "other params for an environment, by its label"),
    "variables": Key(dict, False, "expressions with a name, for what several policies need"),
    "policies": Key(list, True, "the policies; all of them are always judged, in the order in which they stand"),
    "engine": Key(str, False, "`cel`, which it is if nothing is said, or `opa`: then the policies are in Rego"),
}
# A set in Rego has `opa` where others have policies; its params are `input.params`.
IN_REGO = {
    **{name: key for name, key in SET.items() if name not in ("policies", "variables")},
    "opa": Key(dict, True, "what OPA is asked"),
}
OPA = {
    "package": Key(
        str, True, "the package whose rules `deny`, `violation`, `warn` and `approve` count, as `lago.close`"
    ),
    "files": Key(list, False, "files and folders of Rego and data, below the folder of this file"),
    "server": Key(str, False, "instead of files: the address of an OPA server that has the package"),
    "timeout": Key(str, False, "how long an answer may take, as `5s`, which it is if nothing is said; `60s` at most"),
    "approve": Key(dict, False, "who must approve, where Rego asks for it"),
}
ENGINES = ("cel", "opa")
METADATA = {
    "name": Key(str, True, "its name on screens and in records; best that of its file, without the ending"),
    "version": Key(str, True, "the version that a record names; raise it with every change"),
    "owner": Key(str, False, "who answers for it"),
    "title": Key(str, False, "what it is about, in half a sentence"),
}
APPLIES_TO = {
    "actions": Key(list, False, "names of one-way steps, as `lago.finalize_invoice`"),
    "environments": Key(list, False, "labels of environments, as `production`"),
}
ENVIRONMENT = {"params": Key(dict, True, "the params that are other there")}
POLICY = {
    "id": Key(str, True, "its name: small letters, digits and dashes"),
    "title": Key(str, False, "what it asks for, in half a sentence; stands in for a message that cannot be made"),
    "doc": Key(str, False, "where more is said of it; shown when it is not met"),
    "when": Key(object, False, "an expression: where it is false, the policy does not apply"),
    "require": Key(object, True, "an expression that must be true"),
    "effect": Key(str, True, "what comes of it when it is not met: `warn`, `approve` or `deny`"),
    "message": Key(object, False, "an expression that makes a text: what the operator is told when it is not met"),
    "mode": Key(str, False, "`enforce`, or `observe`: then it is judged and recorded, and does not count"),
    "evaluate": Key(str, False, "`plan` (before the consent), `commit` (right before the call) or `both`"),
    "override": Key(dict, False, "who may lift it for one run; without it nobody may"),
    "approve": Key(dict, False, "of `effect: approve`: who must approve, and for how long that holds"),
}
OVERRIDE = {
    "roles": Key(list, True, "the roles that may, as in the operators file"),
    "reason": Key(str, True, "`required`: it stands in the journal"),
}
APPROVE = {
    "roles": Key(list, True, "the roles, one of which an approver must have"),
    "count": Key(int, False, "how many different people; 1 where nothing is said"),
    "distinct_from": Key(list, False, "who may not be one of them: `operator`, which is also what holds without it"),
    "valid_for": Key(str, False, "how long an approval holds, as `4h`; a day where nothing is said"),
    "bound_to": Key(list, False, "paths whose values it is bound to; always `plan.figures_digest`"),
}
ANY = {"*": Key(Node, False)}

EFFECTS = ("warn", "approve", "deny")
MODES = ("enforce", "observe")
PHASES = ("plan", "commit", "both")

# Words of other engines for a rule that says no when it is true, and what is wrong with that.
TURNED = frozenset(
    {
        "deny_if",
        "deny_when",
        "deny",
        "forbid",
        "forbid_if",
        "fail_if",
        "block_if",
        "warn_if",
        "allow",
        "allow_if",
        "unless",
    }
)
