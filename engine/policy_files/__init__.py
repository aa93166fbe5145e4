"""Policy files: found by name, read, and compiled, with everything that is wrong with one at its place. Floor 4."""
