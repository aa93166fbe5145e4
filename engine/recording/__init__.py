"""`runbook test --record`: a run against a Lago of one's own becomes a recording without secrets or personal data. Floor 5."""
