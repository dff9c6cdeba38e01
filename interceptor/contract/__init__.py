"""Exchanges -> interactions: select, normalise, pin, name."""
