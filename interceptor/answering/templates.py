"""Templates: `{{ }}` expressions in handler files, sandboxed and strict.

A string that is one expression keeps the value's own type; in any other string values become text the way JSON
writes them. Only `{{ }}` is special. Members are looked up as items before attributes, so that
`request.json.items` is the member. An unknown name is found when the handlers are loaded, an unknown member when
the template runs.

What Jinja2 makes of them is in `jinja`; a project without templates need not wait for it to be imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any


class TemplateFault(Exception):  # noqa: N818  # it is the template that is at fault
    """A template that cannot be compiled or rendered; the text says why, in the author's terms."""


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template and the names that it takes from outside."""

    names: frozenset[str]
    render: Callable[[Mapping[str, Any]], Any]
    """Gives the value of the template; a TemplateFault where a member is unknown, a filter refuses, or the value
    cannot be JSON."""


def compile_text(text: str, known: Iterable[str]) -> Template | None:
    """The template of a string, or None for one without `{{ }}`.

    Raises:
        TemplateFault: for a syntax error or a name that is not among the `known`.
    """
    if "{{" not in text:
        return None
    from interceptor.answering import jinja  # noqa: PLC0415  # slow

    return jinja.compile_text(text, known)


def compile_expression(expression: str, known: Iterable[str]) -> Template:
    """The template of a bare expression, as `when` has it; see `compile_text`."""
    from interceptor.answering import jinja  # noqa: PLC0415  # slow

    return jinja.compile_expression(expression, known, expression)


def compile_file(text: str, known: Iterable[str], shown: str) -> Template:
    """The template of a `.j2` file, in which all of Jinja2 is special; see `compile_text`."""
    from interceptor.answering import jinja  # noqa: PLC0415  # slow

    return jinja.compile_file(text, known, shown)
