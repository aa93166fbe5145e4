"""`runbook policy test`: policies on facts of a file, what comes of each, and what was never seen of them. Floor 5."""
