"""The handler language: its models, and the files that speak it."""
