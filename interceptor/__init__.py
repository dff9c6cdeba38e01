"""Turn a consumer's test run into pacts: intercept, answer from handlers, note, convert."""

from importlib.metadata import version

__version__ = version("pact-interceptor")
