"""Requests against handlers: paths, values, bodies, and the index that finds the handlers to ask."""
