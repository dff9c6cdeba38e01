"""What has changed in pacts, as text, JSON and Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from interceptor.pact.changes import FieldChange, InteractionChange
from interceptor.pact.expectations import Expectation
from interceptor.pact.read import Pact, PactInteraction
from interceptor.report.lines import counted
from interceptor.values.json_text import Json

_EFFECTS = {
    "asked": "the provider is asked something else",
    "stricter": "the provider could notice",
    "looser": "looser than before",
    "none": "the provider cannot notice",
}
_LONGEST = 80
"""Characters of a value in text and Markdown."""


@dataclass(frozen=True, slots=True)
class ChangedPact:
    """A pact, with what it was compared with, in words, and what has changed."""

    pact: Pact
    against: str
    changes: Sequence[InteractionChange]

    @property
    def is_noticeable(self) -> bool:
        return any(each.is_noticeable for each in self.changes)


def changed_pact_line(each: ChangedPact) -> str:
    """`Site-API.json, against git:HEAD: 1 interaction added · 1 changed; the provider could notice`."""
    counts = [f"{count} {kind}" for kind in ("added", "changed", "removed") if (count := _count(each, kind))]
    if not counts:
        return f"{each.pact.file.name}, against {each.against}: no change"
    notice = "the provider could notice" if each.is_noticeable else "the provider cannot notice"
    return f"{each.pact.file.name}, against {each.against}: {' · '.join(counts)}; {notice}"


def change_lines(changes: Sequence[InteractionChange]) -> Iterator[str]:
    """A line for each interaction, and one below it for each field."""
    for each in changes:
        yield f"{each.kind}: {_name(each.interaction)}"
        for field in each.fields:
            yield f"  {field.place}: {_change(field)}  ({_EFFECTS[field.effect]})"


def changes_json(changed: Sequence[ChangedPact]) -> Json:
    """The same for programs."""
    return [
        {
            "file": each.pact.file.name,
            "consumer": each.pact.consumer,
            "provider": each.pact.provider,
            "against": each.against,
            "noticeable": each.is_noticeable,
            "interactions": interaction_changes_json(each.changes),
        }
        for each in changed
    ]


def interaction_changes_json(changes: Sequence[InteractionChange]) -> Json:
    """Each interaction that has changed."""
    return [
        {
            "kind": each.kind,
            "description": each.interaction.description,
            "states": [name for name, _ in each.interaction.states],
            "noticeable": each.is_noticeable,
            "fields": [
                {
                    "place": field.place,
                    "before": _expectation_json(field.before),
                    "after": _expectation_json(field.after),
                    "effect": field.effect,
                }
                for field in each.fields
            ],
        }
        for each in changes
    ]


def changes_markdown(changed: Sequence[ChangedPact]) -> str:
    """The same as a comment on a pull request."""
    lines: list[str] = []
    for each in changed:
        lines += [f"## {each.pact.consumer} and {each.pact.provider}", "", changed_pact_line(each), ""]
        for change in each.changes:
            lines += [f"- **{change.kind}**: {_cell(_name(change.interaction))}"]
            lines += [
                f"  - `{field.place}`: {_cell(_change(field))} ({_EFFECTS[field.effect]})" for field in change.fields
            ]
        lines += [""] * bool(each.changes)
    return "\n".join(lines)


def rule_text(rule: Mapping[str, Json]) -> str:
    """A rule as it stands in a pact: `regex ^[0-9]+$`, `type, min 1`."""
    kind = rule.get("match", "regex" if "regex" in rule else "type")
    rest = [f"{value}" if name == kind else f"{name} {value}" for name, value in rule.items() if name != "match"]
    return f"{kind} {rest[0]}" if kind in rule and len(rest) == 1 else ", ".join([kind, *rest])


def _count(each: ChangedPact, kind: str) -> str:
    count = sum(change.kind == kind for change in each.changes)
    return counted(count, "interaction") if count else ""


def _name(each: PactInteraction) -> str:
    given = " and ".join(name for name, _ in each.states)
    return f"{each.description}, given {given}" if given else each.description


def _change(field: FieldChange) -> str:
    match field.before, field.after:
        case None, Expectation() as after:
            return f"now {_expectation(after)}"
        case Expectation() as before, None:
            return f"was {_expectation(before)}, now nothing"
        case before, after:
            return f"{_expectation(before)} -> {_expectation(after)}"


def _expectation(each: Expectation | None) -> str:
    if each is None:
        return "nothing"
    example = each.example
    is_array = isinstance(example, list) and all(element is None for element in example)
    text = counted(len(example), "element") if is_array and example else json.dumps(example, ensure_ascii=False)
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    rules = " and ".join(rule_text(rule) for rule in each.rules)
    if is_array and not example and rules:
        return f"an array, {rules}"
    return f"{text} by {rules}" if rules else text


def _expectation_json(each: Expectation | None) -> Json:
    return None if each is None else {"example": each.example, "rules": [dict(rule) for rule in each.rules]}


def _cell(text: str) -> str:
    return text.replace("\n", " ").replace("*", r"\*").replace("_", r"\_").replace("<", "&lt;")
