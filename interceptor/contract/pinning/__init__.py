"""Values that differ in every run, replaced by constants: detect them, group those that are one, pin each group.

`detect.py` finds the values in a text, and knows the constant and the pattern of each form. `group.py` finds out which
places share a value, with `timestamps.py` for timestamps that are never quite equal. `pin.py` writes the constants and
their rules. `known_lines.py` spares a journal's lines all this that differ from an earlier one in such values only.
"""
