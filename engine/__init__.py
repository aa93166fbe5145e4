"""runbook's engine: plan, approve, apply and prove, for actions you cannot undo."""
