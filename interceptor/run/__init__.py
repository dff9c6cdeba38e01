"""What stands ready before the first request: command, environment, listeners, certificates."""
