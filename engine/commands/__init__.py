"""What the command line calls: one file for each group of commands, each command a function of a Shell. Floor 5."""
