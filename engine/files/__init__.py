"""Files that a command writes for others, and files that others hand over. Floor 2."""
