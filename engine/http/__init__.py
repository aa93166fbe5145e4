"""HTTP as all of runbook speaks it: addresses, exchanges as values, and one server over the wire. Floor 2."""
