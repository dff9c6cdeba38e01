"""Turns exchanges into interactions: select, normalise, pin, name."""
