"""What commands are declared with: options of all commands, a command that calls a function, runbooks as commands. Floor 6."""
