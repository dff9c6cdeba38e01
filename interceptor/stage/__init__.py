"""What stands ready before the first request: addresses, trust, the way out, the environment, the command."""
