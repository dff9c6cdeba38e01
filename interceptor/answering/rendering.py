"""Values that may hold templates, compiled once: static where they hold none, else a function of the request.

While a value is rendered, the places that were made up are collected: what comes from the request, from the clock
or from chance. What comes from the project's own data files is literal test data and does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from interceptor.answering.fakes import placed
from interceptor.answering.template import Template, TemplateFault
from interceptor.answering.templates import compile_text
from interceptor.project.yaml_nodes import Node
from interceptor.values.errors import Problem
from interceptor.values.json_text import Json
from interceptor.values.place import below, leaves, scalars

TemplateValues: TypeAlias = Mapping[str, Any]
GeneratedMarks: TypeAlias = list[str]
Render: TypeAlias = Callable[[TemplateValues, GeneratedMarks], Any]

KNOWN_NAMES = ("request", "params", "variables", "data", "call", "fake")
"""What a template may name, beside the functions."""

_VOLATILE = frozenset({"request", "params", "variables", "call", "upstream", "now", "uuid", "random_int"})


class RenderFault(Exception):  # noqa: N818  # the author's template is at fault, not this code
    """A template that could not be rendered: where it stands, and why."""

    def __init__(self, node: Node, message: str) -> None:
        super().__init__(f"{node.place}: {message}")
        self.node = node
        self.message = message


@dataclass(slots=True)
class Compiler:
    """Compiles the values of handlers, collecting what is wrong with them."""

    fixtures: frozenset[Json] = frozenset()
    """The scalars of the project's data: literal wherever they turn up."""
    problems: list[Problem] = field(default_factory=list)
    known: tuple[str, ...] = KNOWN_NAMES
    literal: bool = False
    """True where nothing is a template: what a resolver returned means what it says."""

    def template(self, text: str, node: Node) -> Template | None:
        if self.literal:
            return None
        try:
            return compile_text(text, self.known)
        except TemplateFault as fault:
            self.problems.append(node.problem(str(fault)))
            return None

    def text(self, text: str, node: Node, place: str) -> str | Render:
        """A text, or what renders it; a template that is one expression may give any value."""
        template = self.template(text, node)
        return text if template is None else self._rendered(template, node, place)

    def json(self, value: Json, node: Node, place: str) -> Render | None:
        """What renders a JSON value, or None where it holds no template at all."""
        if isinstance(value, str):
            render = self.text(value, node, place)
            return None if isinstance(render, str) else render
        if not any(isinstance(each, str) and "{{" in each for each in scalars(value)):
            return None
        if isinstance(value, dict):
            members = {
                key: (member, self.json(member, node.at(key), below(place, key))) for key, member in value.items()
            }
            if all(render is None for _, render in members.values()):
                return None
            return lambda values, generated: {
                key: member if render is None else render(values, generated)
                for key, (member, render) in members.items()
            }
        if isinstance(value, list):
            elements = [
                (element, self.json(element, node.at(index), below(place, index)))
                for index, element in enumerate(value)
            ]
            if all(render is None for _, render in elements):
                return None
            return lambda values, generated: [
                element if render is None else render(values, generated) for element, render in elements
            ]
        return None

    def _rendered(self, template: Template, node: Node, place: str) -> Render:
        from_data = not template.names.isdisjoint({"data", "item"})
        volatile = bool(template.names & _VOLATILE)
        invents = "fake" in template.names

        def render(values: TemplateValues, generated: GeneratedMarks) -> Any:
            if invents:
                values = placed(values, place)
            value = rendered(template, node, values)
            if from_data:
                generated.extend(found for found, leaf in leaves(value, place) if self._is_new(leaf))
            elif volatile:
                generated.append(place)
            return value

        return render

    def _is_new(self, leaf: Json) -> bool:
        return leaf is not None and not isinstance(leaf, bool) and leaf not in self.fixtures


def rendered(template: Template, node: Node, values: TemplateValues) -> Any:
    """The value of a template.

    Raises:
        RenderFault: that names the place of the template.
    """
    try:
        return template.render(values)
    except TemplateFault as fault:
        raise RenderFault(node, str(fault)) from fault
