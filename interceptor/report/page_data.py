"""What the report shows, as the JSON that its page reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

from interceptor import __version__
from interceptor.pact.changes import InteractionChange
from interceptor.pact.document import Interaction
from interceptor.pact.read import Matcher, Pact, PactInteraction, PactMessage
from interceptor.report.changes import ChangedPact, interaction_changes_json, rule_text
from interceptor.report.coverage import coverage_document
from interceptor.values.coverage import DocumentCoverage
from interceptor.values.findings import Finding
from interceptor.values.json_text import Json
from interceptor.values.place import Side

FoundBy: TypeAlias = Literal["lint", "check"]

MOST_EXCHANGES = 10_000
"""Exchanges of a page; those that no handler answered come before others."""
MISSED = frozenset({"unhandled", "failed"})
"""Outcomes that a reader has to see."""
_LONGEST_BODY = 20_000
"""Characters of a recorded body."""


@dataclass(frozen=True, slots=True)
class ReportedPact:
    """A pact, where its interactions come from, and what has changed in it."""

    pact: Pact
    origins: Sequence[Interaction] = ()
    """The interactions that the recordings make, which name their tests and handlers."""
    changed: ChangedPact | None = None
    """None where it is not known what was there before."""


@dataclass(frozen=True, slots=True)
class ReportContents:
    """Everything that a report tells."""

    consumer: str
    made: str
    """When: ISO 8601, UTC."""
    pacts: Sequence[ReportedPact] = ()
    findings: Sequence[tuple[FoundBy, Finding]] = ()
    coverages: Sequence[DocumentCoverage] = ()
    exchanges: Sequence[Mapping[str, Any]] = ()
    """Lines of a journal, each with its `count`."""
    left_out: int = 0
    """Exchanges that are not among them, since there are too many."""
    run: Mapping[str, Any] = field(default_factory=dict)
    """What was counted while they were recorded; empty where that is not known."""
    without_document: Sequence[str] = ()
    """Providers whose pacts were compared with nothing."""


def page_document(contents: ReportContents) -> dict[str, Json]:
    """The whole as JSON."""
    return {
        "consumer": contents.consumer,
        "made": contents.made,
        "tool": __version__,
        "pacts": [_pact(each) for each in contents.pacts],
        "findings": [{"by": by, **asdict(finding)} for by, finding in contents.findings],
        "coverage": coverage_document(contents.coverages),
        "without_document": list(contents.without_document),
        "exchanges": len(contents.exchanges),
        "missed": [
            [number, _with_shorter_bodies(each)]
            for number, each in enumerate(contents.exchanges)
            if each["outcome"] in MISSED
        ],
        "left_out": contents.left_out,
        "run": dict(contents.run),
    }


def page_traffic(contents: ReportContents) -> list[dict[str, Json]]:
    """All exchanges, which the page reads when somebody asks for them: they are most of it."""
    return [_with_shorter_bodies(each) for each in contents.exchanges]


def live_document(consumer: str) -> dict[str, Json]:
    """What the page knows that asks for the rest itself."""
    contents = ReportContents(consumer, "")
    return {**page_document(contents), "live": "report/news"}


def summed(runs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What several runs counted, as one: numbers are added, objects member by member; `never_used` follows."""
    total: dict[str, Any] = {}
    for run in runs:
        _add(total, run)
    if "handlers" in total:
        total["never_used"] = [place for place, hits in total["handlers"].items() if not hits]
    return total


def _add(total: dict[str, Any], run: Mapping[str, Any]) -> None:
    for name, value in run.items():
        if isinstance(value, Mapping):
            _add(total.setdefault(name, {}), value)
        elif isinstance(value, int):
            total[name] = max(total.get(name, 0), value) if name == "exit_code" else total.get(name, 0) + value


def _pact(reported: ReportedPact) -> Json:
    pact, changed = reported.pact, reported.changed
    by_name: dict[tuple[str, ...], list[Interaction]] = {}
    for each in reported.origins:
        by_name.setdefault((each.description, *(state.name for state in each.states)), []).append(each)
    written = [] if changed is None else list(zip(changed.changes, _changes(changed.changes), strict=True))
    by_index = {each.interaction.index: shown for each, shown in written if each.kind != "removed"}
    return {
        "file": pact.file.name,
        "consumer": pact.consumer,
        "provider": pact.provider,
        "specification": pact.specification,
        "passed_over": list(pact.passed_over),
        "against": None if changed is None else changed.against,
        "noticeable": changed is not None and changed.is_noticeable,
        "removed": [_interaction(each.interaction, (), shown) for each, shown in written if each.kind == "removed"],
        "interactions": [
            _interaction(each, by_name.get((each.description, *(name for name, _ in each.states)), ()), change)
            for each in pact.interactions
            for change in [by_index.get(each.index)]
        ],
    }


def _changes(changes: Sequence[InteractionChange]) -> list[Json]:
    shown: list[Json] = interaction_changes_json(changes)
    return [{key: each[key] for key in ("kind", "noticeable", "fields")} for each in shown]


def _interaction(each: PactInteraction, origins: Sequence[Interaction], change: Json) -> Json:
    said: dict[str, Json] = {
        "id": interaction_id(each),
        "index": each.index,
        "description": each.description,
        "states": [{"name": name, "params": dict(params)} for name, params in each.states],
        "method": each.method,
        "path": each.path,
        "query": each.query,
        "request": _message(each.request),
        "status": each.status,
        "response": _message(each.response),
        "rules": [*_rules("request", each.request.matchers), *_rules("response", each.response.matchers)],
    }
    for name in ("handlers", "tests", "masked", "pinned"):
        if found := sorted({value for origin in origins for value in getattr(origin, name)}):
            said[name] = found
    if change is not None:
        said["change"] = change
    return said


def interaction_id(each: PactInteraction) -> str:
    """What an address in the page calls an interaction: the same as long as description and states are."""
    known = json.dumps([each.description, [[name, dict(params)] for name, params in each.states]], sort_keys=True)
    return hashlib.blake2b(known.encode("utf-8", "replace"), digest_size=6).hexdigest()


def _message(message: PactMessage) -> Json:
    said: dict[str, Json] = {"headers": message.headers}
    if message.has_body:
        said["body"] = message.body
    return said


def _rules(side: Side, matchers: Iterable[Matcher]) -> Iterator[Json]:
    """Place and text of each rule: `["response.$.id", "regex [0-9]+"]`."""
    for each in matchers:
        name = each.at.strip("[]'\"")
        match each.part:
            case "body":
                place = f"{side}.{each.at or '$'}"
            case "header" | "headers":
                place = f"{side}.headers.{name.lower()}"
            case "query":
                place = f"{side}.query.{name}"
            case part:
                place = f"{side}.{part}"
        yield [place, rule_text(each.form)]


def _with_shorter_bodies(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line whose bodies are short enough for a page; `cut` says how long a text really is."""
    shorter = dict(line)
    for side in ("request", "response"):
        message = line.get(side) or {}
        body = message.get("body") or {}
        for kind in ("text", "base64"):
            if len(body.get(kind, "")) > _LONGEST_BODY:
                shorter[side] = {**message, "body": {kind: body[kind][:_LONGEST_BODY], "cut": len(body[kind])}}
    return shorter
