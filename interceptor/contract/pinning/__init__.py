"""Replaces values that differ in every run by constants: detects them, groups equal ones, pins each group.

`detect.py` finds the values in a text, and knows the constant and the pattern of each form. `group.py` finds out which
places share a value, with `timestamps.py` for timestamps that are never quite equal. `pin.py` writes the constants and
their rules. `known_lines.py` skips all this for lines of a journal that differ from earlier ones only in such values.
"""
