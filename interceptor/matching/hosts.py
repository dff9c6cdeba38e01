"""Hosts with parameters: `https://:tenant.*.example.com` -> what a request's host gives them.

`:name` takes one label, `*` takes any number of characters, and is counted before those of the path, as MSW counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_SIGN = re.compile(r":([A-Za-z_]\w*)|(\*)")


@dataclass(frozen=True, slots=True)
class HostPattern:
    """A compiled host."""

    regex: re.Pattern[str]
    names: tuple[str, ...]

    @property
    def stars(self) -> int:
        return sum(name.isdigit() for name in self.names)

    def params(self, host: str) -> Mapping[str, str]:
        """The parameters of a host that is of the pattern."""
        found = self.regex.fullmatch(host)
        return dict(zip(self.names, found.groups(), strict=True)) if found else {}


def compile_host(authority: str) -> HostPattern | None:
    """The pattern of the host in `:tenant.example.com:8080`; None for one without parameters.

    Raises:
        ValueError: for a parameter that is there twice.
    """
    host = re.sub(r":(\d+|\*)\Z", "", authority)
    names: list[str] = []
    expression, position = "", 0
    for sign in _SIGN.finditer(host):
        names.append(sign[1] or str(sum(name.isdigit() for name in names)))
        expression += re.escape(host[position : sign.start()].lower()) + (r"([^.]+)" if sign[1] else "(.*)")
        position = sign.end()
    if not names:
        return None
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f'the parameter ":{twice}" is in "{host}" twice')
    return HostPattern(re.compile(expression + re.escape(host[position:].lower())), tuple(names))
