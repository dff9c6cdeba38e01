"""A template as it was compiled, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


class TemplateFault(Exception):  # noqa: N818  # it is the template that is at fault
    """A template that cannot be compiled or rendered; the text says why, in the author's terms."""


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template and the names that it takes from outside."""

    names: frozenset[str]
    reads: frozenset[tuple[str, str]]
    """The headers and cookies of the request and the data that it names: `("headers", "x-tenant")`."""
    render: Callable[[Mapping[str, Any]], Any]
    """Gives the value of the template; a TemplateFault where a member is unknown, a filter refuses, or the value
    cannot be JSON."""
    parts: Callable[[Mapping[str, Any]], list[str]] | None = None
    """Of a text, what it gives piece by piece: literal, value of an expression, literal, and so on; None where nobody
    can say which is which."""
