"""What is to be done with a request: the one engine behind every door of the proxy."""

from interceptor.engine.engine import SCOPE_HEADER, Engine, load_engine

__all__ = ["SCOPE_HEADER", "Engine", "load_engine"]
