"""YAML's syntax, with a limit of our own for how deep it may be nested."""

from __future__ import annotations

import re

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]  # the stubs leave the C parser out
from yaml.resolver import BaseResolver

from interceptor.values.nesting import DEEPEST, TOO_DEEP

_OPENER = re.compile(r"[\[{]")
_LOOK_AHEAD = 1024
"""Characters; libyaml reads as far ahead, within a line, to see whether a collection is a key."""
_CROWD = 500
"""Collections that begin within the look-ahead; libyaml refuses 1,000, and JSON's shortest lists, `[],`, are 341."""


class TooDeepError(yaml.MarkedYAMLError):
    """A YAML text is nested too deep."""

    def __init__(self, mark: yaml.Mark) -> None:
        super().__init__(problem=TOO_DEEP, problem_mark=mark)
        self.line = mark.line + 1
        self.column = mark.column + 1


class ShallowParser(CParser, BaseResolver):
    """libyaml's parser, which refuses what is nested too deep before libyaml does, or the end of the stack.

    Without YAML's guesses at types: a plain scalar is text until we look at it.
    """

    def __init__(self, stream: str) -> None:
        _require_no_crowd(stream)
        CParser.__init__(self, stream)
        BaseResolver.__init__(self)
        self._depth = 0

    def descend_resolver(self, current_node: yaml.Node | None, current_index: object) -> None:  # noqa: ARG002  # PyYAML calls it
        """Called by the composer before each node, which is how its depth can be counted."""
        if self._depth > DEEPEST and current_node is not None:
            raise TooDeepError(current_node.start_mark)
        self._depth += 1

    def ascend_resolver(self) -> None:
        self._depth -= 1


def _require_no_crowd(text: str) -> None:
    """Refuse a line that libyaml's look-ahead finds too deep, before the composer could count a level."""
    if text.count("[") + text.count("{") < _CROWD:
        return
    starts = [match.start() for match in _OPENER.finditer(text)]
    for start, end in zip(starts, starts[_CROWD:], strict=False):
        if end - start < _LOOK_AHEAD:
            row, column = text.count("\n", 0, start), start - text.rfind("\n", 0, start) - 1
            raise TooDeepError(yaml.Mark("", start, row, column, None, 0))
