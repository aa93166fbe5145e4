"""One command against Lago, and the run that it begins: around the loop of `engine/runner.py`. Floor 4."""
