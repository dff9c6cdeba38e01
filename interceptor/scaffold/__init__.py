"""A project from nothing, or from recorded traffic."""
