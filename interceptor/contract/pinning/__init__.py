"""Volatile values replaced by constants, so that the same tests give the same bytes."""
