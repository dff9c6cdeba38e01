"""Values that may hold templates, compiled once: static where they hold none, else a function of the request.

While a value is rendered, the places that were made up are noted: what comes from the request, from the clock or from
chance. What comes from the project's own data files is literal test data and does not count. Where a template asks the
clock or chance, it is rendered with stand-ins too, which tells what of its text they made (see `sources`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, TypeAlias, TypeVar

from interceptor.answering.fakes import placed
from interceptor.answering.sources import CHANCE, HIGH, LOW, SOURCES, asking
from interceptor.answering.template import Template, TemplateFault
from interceptor.answering.templates import compile_text
from interceptor.project.yaml_nodes import Node
from interceptor.values.errors import Problem
from interceptor.values.generated import GeneratedMarks
from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.values.place import below, leaves, scalars

TemplateValues: TypeAlias = Mapping[str, Any]
Render: TypeAlias = Callable[[TemplateValues, GeneratedMarks], Any]

_Made = TypeVar("_Made")

KNOWN_NAMES = ("request", "params", "variables", "data", "call", "fake")
"""What a template may name, beside the functions."""

_VOLATILE = frozenset({"request", "params", "variables", "call", "upstream"})

STAND_INS: Final = "stand-ins"
"""Among the values of templates, under a name that none of them can say: what those are with stand-ins, by name, that
sources made."""

MAY_VARY = re.compile(r"[0-9a-fA-F]{4}-[0-9a-fA-F]{4}|\d{4}-\d\d-\d\d|\d\d:\d\d|\d{10}|eyJ|[\w-]{16}")
"""What a text holds that may look like a UUID, a time, a token."""
_WORDS = re.compile(r"[\w:.+-]+")


class StandIn(NamedTuple):
    """What a value is with the lower and the higher stand-in, and whether chance is among its sources."""

    low: Any
    high: Any
    chance: bool


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
    reads: set[tuple[str, str]] = field(default_factory=set)
    """The headers, cookies and data that templates read; see `Template`."""
    literal: bool = False
    """True where nothing is a template: what a resolver returned means what it says."""

    def template(self, text: str, node: Node) -> Template | None:
        if self.literal:
            return None
        try:
            template = compile_text(text, self.known)
        except TemplateFault as fault:
            self.problems.append(node.problem(str(fault)))
            return None
        if template is not None:
            self.reads |= template.reads
        return template

    def text(self, text: str, node: Node, place: str, key: str | None = None) -> str | Render:
        """A text, or what renders it; a template that is one expression may give any value.

        Args:
            text: of the handler.
            node: where it stands there.
            place: where it stands in the answer.
            key: which of several texts at that place it is: `response.headers.link[1]`.
        """
        template = self.template(text, node)
        return text if template is None else self._rendered(template, node, place, key or place, as_text=True)

    def json(self, value: Json, node: Node, place: str) -> Render | None:
        """What renders a JSON value, or None where it holds no template at all."""
        if isinstance(value, str):
            template = self.template(value, node)
            return None if template is None else self._rendered(template, node, place, place, as_text=False)
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

    def _rendered(self, template: Template, node: Node, place: str, key: str, *, as_text: bool) -> Render:
        from_data = not template.names.isdisjoint({"data", "item"})
        asks = bool(template.names & SOURCES)
        volatile = asks or bool(template.names & _VOLATILE)
        invents = "fake" in template.names

        def render(values: TemplateValues, generated: GeneratedMarks) -> Any:
            if invents:
                values = placed(values, place)
            made = asks or names_made(template, values)
            if made:
                value = generate(template, node, values, key, generated, as_text=as_text)
            else:
                value = rendered(template, node, values)
            if from_data:
                for found, leaf in leaves(value, place):
                    if self._is_new(leaf):
                        generated.places.append(found)
                        generated.literal += self._fixtures_in(leaf)
            elif volatile:
                generated.places.append(place)
            return value

        return render

    def _fixtures_in(self, leaf: Json) -> list[str]:
        """The project's data that a text repeats among other things, as far as it may look generated."""
        if not isinstance(leaf, str) or not MAY_VARY.search(leaf):
            return []
        return [word for word in _WORDS.findall(leaf) if word in self.fixtures and MAY_VARY.search(word)]

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


def generate(
    template: Template, node: Node, values: TemplateValues, place: str, generated: GeneratedMarks, *, as_text: bool
) -> Any:
    """The value of a template that asks sources; what they made of it is noted.

    Raises:
        RenderFault: that names the place of the template.
    """
    chance = asks_chance(template, values)
    if template.parts is None:
        value = rendered(template, node, values)
        if (others := with_stand_ins(template.render, values)) is not None:
            every: tuple[Any, Any, Any] = (value, *others)
            if as_text and any(isinstance(each, dict | list) for each in every):
                every = (str(value), str(others[0]), str(others[1]))
            generated.compare(place, *every, chance=chance)
        return value
    try:
        parts = template.parts(values)
    except TemplateFault as fault:
        raise RenderFault(node, str(fault)) from fault
    if (others := with_stand_ins(template.parts, values)) is not None:
        generated.compare_parts(place, parts, *others, chance=chance)
    return "".join(parts)


def generate_file(template: Template, node: Node, values: TemplateValues, place: str, generated: GeneratedMarks) -> Any:
    """The text of a `.j2` file; of one that is JSON, the members of what sources made of it are noted."""
    if not (template.names & SOURCES or names_made(template, values)):
        return rendered(template, node, values)
    if place != "response.$":
        return generate(template, node, values, place, generated, as_text=True)
    text = rendered(template, node, values)
    if (others := with_stand_ins(template.render, values)) is not None:
        try:
            values_of = [parse_json(str(each).encode()) for each in (text, *others)]
            generated.compare(place, *values_of, chance=asks_chance(template, values))
        except NotJsonError:
            generated.constants["response.body"] = {"text": others[0]}
    return text


def constant_text(text: str | Render, values: TemplateValues) -> str:
    """A text of the contract itself, such as a name, for which sources give what is the same in every run."""
    return str(constant_value(text, values))


def constant_value(value: Any, values: TemplateValues) -> Any:
    """A value of the contract itself; see `constant_text`."""
    if not callable(value):
        return value
    return with_low(lambda low: value(low, GeneratedMarks()), values)


def asks_sources(template: Template, values: TemplateValues) -> bool:
    """Whether sources make the value of a template, or what it names."""
    return not template.names.isdisjoint(SOURCES) or names_made(template, values)


def names_made(template: Template, values: TemplateValues) -> bool:
    """Whether a template names what sources made."""
    made = values.get(STAND_INS)
    return made is not None and not template.names.isdisjoint(made)


def asks_chance(template: Template, values: TemplateValues) -> bool:
    made = values.get(STAND_INS) or {}
    return not template.names.isdisjoint(CHANCE) or any(
        stand_in.chance for name, stand_in in made.items() if name in template.names
    )


def with_stand_ins(render: Callable[[TemplateValues], _Made], values: TemplateValues) -> tuple[_Made, _Made] | None:
    """What a template gives with either stand-in; None where it fails, which by itself is nothing wrong."""
    try:
        low = with_low(render, values)
        with asking(HIGH):
            return low, render(_standing_in(values, "high"))
    except TemplateFault:
        return None


def with_low(render: Callable[[TemplateValues], _Made], values: TemplateValues) -> _Made:
    """What is rendered with the lower stand-in."""
    with asking(LOW):
        return render(_standing_in(values, "low"))


def _standing_in(values: TemplateValues, which: Literal["low", "high"]) -> TemplateValues:
    made = values.get(STAND_INS)
    if made is None:
        return values
    return {**values, STAND_INS: None, **{name: getattr(stand_in, which) for name, stand_in in made.items()}}
