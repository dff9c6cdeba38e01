"""Masks secrets and replaces bodies that are too large, before anything is recorded."""
