"""The keys of a runbook file: what each holds, whether it must be there, and what it is for. Floor 4.

Validation, the JSON Schema and a test of `docs/runbook-format.md` all read these tables; nothing else lists the keys.
"""

from __future__ import annotations

from engine.validation.keys import Key

# What a runbook, a step and an input may be called.
NAME = "[a-z][a-z0-9_]*"

# What a reference may begin with beside the id of a step, and what YAML takes for something else.
RESERVED = frozenset({"inputs", "run", "true", "false", "null"})

# What `run` and `plan` take themselves, whatever the runbook: an input of this name could not be given. Not `reason`: where
# a runbook has such an input, it is the reason for an override too.
FLAGS = frozenset(
    "api-key color confirm detailed-exitcode dry-run environment format help journal no-input output override refresh "
    "valid-for verbose yes".replace("-", "_").split()
)

RUNBOOK = {
    "runbook": Key(
        str, True, "its name, which is that of the file without `.yaml`: small letters, digits and underscores"
    ),
    "version": Key(
        int, True, "a whole number from 1; count it up with every change. The journal keeps it with the file's SHA-256"
    ),
    "title": Key(str, True, 'what it does, in a few words, as an order: "Finalize a draft invoice"'),
    "summary": Key(str, True, "one or two sentences for `runbook list`; say what cannot be undone"),
    "use_when": Key(str, False, "when an operator reaches for it"),
    "prerequisites": Key(list, False, "a list of what must be so before; prose, which no machine looks at"),
    "inputs": Key(dict, False, "what is given on the command line: a name for each, and below it the keys of an input"),
    "subject": Key(
        str,
        True,
        "what a run is about, as `lago:invoice:${draft.lago_id}`; `runbook audit list --subject` looks for it",
    ),
    "steps": Key(list, True, "a list of steps, in the order in which they are done"),
    "when_it_fails": Key(list, False, "a list of notes: what to do when a step ends badly"),
    "undo": Key(str, False, "whether and how its effect is taken back"),
    "audit": Key(str, False, "what is left behind, and where"),
}

INPUT = {
    "type": Key(str, True, "what kind of value it is, as a word of its own"),
    "optional": Key(
        bool,
        False,
        "`true` if it may be left out and then is absent; only a parameter that may be absent takes it",
    ),
    "default": Key(object, False, "the value where it is left out, written as on the command line"),
    "help": Key(str, False, "half a sentence for `--help` and `runbook show`"),
}

STEP = {
    "id": Key(str, True, "its name in this runbook: small letters, digits and underscores; what others refer to"),
    "title": Key(str, False, "what a person reads; without it, the title of the step or check itself"),
    "section": Key(str, False, "the heading that it stands under; steps of one section stand together"),
    "step": Key(str, False, "a step that reads or writes, of `docs/steps.md`"),
    "check": Key(str, False, "a check, of `docs/checks.md`: it passes, warns, or denies and so ends the run"),
    "policy": Key(
        list,
        False,
        "policy sets that decide, by the names of their files, as `docs/policies.md` tells; `with:` hands them what they read",
    ),
    "confirm": Key(str, False, "what the operator types to consent, as `${customer.external_id}`"),
    "when": Key(
        str, False, "of a step that reads and of a check: an expression; only when it is true is the step taken"
    ),
    "with": Key(dict, False, "parameters by name; of a `confirm`, the facts that are shown and that the consent binds"),
}

NOTE = {
    "on": Key(
        str,
        True,
        "`ID.deny` or `ID.warn` of a check; `ID.done`, `ID.refused`, `ID.pending`, `ID.unknown` or `ID.not_sent` of the"
        " one-way step",
    ),
    "say": Key(str, True, "what the operator does then, in plain words"),
}
