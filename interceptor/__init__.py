"""Turn a consumer's test run into pacts: intercept, answer from handlers, note, convert."""

__version__ = "0.1.0"
