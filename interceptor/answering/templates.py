"""Templates: `{{ }}` expressions in handler files, sandboxed and strict.

A string that is one expression keeps the value's own type; in any other string values become text the way JSON
writes them. Only `{{ }}` is special. Members are looked up as items before attributes, so that
`request.json.items` is the member. An unknown name is found when the handlers are loaded, an unknown member when
the template runs.

What Jinja2 makes of them is in `jinja`; a project without templates need not wait for it to be imported.
"""

from __future__ import annotations

from collections.abc import Iterable

from interceptor.answering.template import Template


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


def mentioned(expression: str) -> list[str]:
    """The values that an expression names, members and all: `["params.id", "data.products"]`."""
    from interceptor.answering import jinja  # noqa: PLC0415  # slow

    return jinja.mentioned(expression)


def compile_file(text: str, known: Iterable[str], shown: str) -> Template:
    """The template of a `.j2` file, in which all of Jinja2 is special; see `compile_text`."""
    from interceptor.answering import jinja  # noqa: PLC0415  # slow

    return jinja.compile_file(text, known, shown)
