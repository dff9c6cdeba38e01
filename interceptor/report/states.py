"""The provider states that pacts require, as text, Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from interceptor.pact.states import RequiredStates
from interceptor.values.json_text import Json


def states_lines(required: Sequence[RequiredStates]) -> Iterator[str]:
    """A heading for each pact that requires something, then each state with its parameters and interactions."""
    for each in required:
        if not each.states and not each.without:
            continue  # it has messages only
        yield f"{each.consumer} requires of {each.provider}"
        for state in each.states:
            yield f"  given {state.name}"
            yield from (f"    with {_text(values)}" for values in state.params if values)
            yield from (f"    {description}" for description in state.interactions)
        if each.without:
            yield "  without a state"
            yield from (f"    {description}" for description in each.without)


def states_json(required: Sequence[RequiredStates]) -> Json:
    """The same for programs."""
    return [
        {
            "consumer": each.consumer,
            "provider": each.provider,
            "states": [
                {
                    "name": state.name,
                    "params": [dict(values) for values in state.params if values],
                    "interactions": list(state.interactions),
                }
                for state in each.states
            ],
            "without": list(each.without),
        }
        for each in required
    ]


def states_markdown(required: Sequence[RequiredStates]) -> str:
    """The same as a page of tables."""
    lines: list[str] = []
    for each in required:
        lines += [f"## {each.consumer} and {each.provider}", "", "| provider state | parameters | interactions |"]
        lines.append("|---|---|---|")
        for state in each.states:
            params = " ".join(f"`{_text(values)}`" for values in state.params if values)
            lines.append(f"| {_cell(state.name)} | {_cell(params)} | {_cell('; '.join(state.interactions))} |")
        if each.without:
            lines.append(f"| (none) | | {_cell('; '.join(each.without))} |")
        lines.append("")
    return "\n".join(lines)


def _text(values: Json) -> str:
    return json.dumps(values, ensure_ascii=False)


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")
