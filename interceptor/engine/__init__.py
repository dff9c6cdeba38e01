"""Decides what happens to a request; every listener of the proxy asks the same engine."""

from interceptor.engine.engine import SCOPE_HEADER, Engine, load_engine

__all__ = ["SCOPE_HEADER", "Engine", "load_engine"]
