"""The user's own Open Policy Agent, asked what its Rego says about facts: by its executable or at its server. Floor 2.

To ask is a read: it sends facts and changes nothing. Whatever comes of it is a value, `Answered`, and what it means for a
run is decided elsewhere (`engine.policy.opa`), from the value alone: so a decision can be taken again without an OPA.
"""
