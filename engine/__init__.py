"""runbook's engine: plan, approve, apply and prove, for actions you cannot undo."""

__version__ = "0.1.0"
