"""`runbook test`: a runbook in recorded worlds, played with the real engine, and what was seen of it. Floor 5."""
