"""Checks of one pact."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from interceptor.lint.names import StateName, is_default, name_faults
from interceptor.lint.origins import Origins
from interceptor.lint.rules import missing_regexes, unchecked_arrays
from interceptor.lint.secrets import likely_secrets_in, secrets_in
from interceptor.pact.read import Pact, PactInteraction
from interceptor.project.config import Project
from interceptor.values.did_you_mean import did_you_mean
from interceptor.values.findings import Finding
from interceptor.values.messages import BODILESS


@dataclass(frozen=True, slots=True)
class _Placed:
    """An interaction and the handler that it comes from."""

    each: PactInteraction
    handler: str | None


def lint_pact(pact: Pact, project: Project, origins: Origins, states: list[StateName]) -> Iterator[Finding]:
    """Findings about a pact; the states that it names are added to `states`."""
    placed = [_Placed(each, origins.of(pact, each)) for each in pact.interactions]
    handlers = {each.each.index: each.handler for each in placed}
    secrets = secrets_in(pact) or likely_secrets_in(pact)
    for finding in (*_names_of_pair(pact, project), *_of_each(placed), *_of_pairs(placed), *secrets):
        handler = None if finding.interaction is None else handlers.get(finding.interaction)
        yield replace(finding, pact=pact.file.name, handler=handler)
    for one in placed:
        for name, _ in one.each.states:
            place = f"{pact.file.name}, interaction {one.each.index}"
            states.append(StateName(pact.provider, name, one.handler or place, one.handler))


def _names_of_pair(pact: Pact, project: Project) -> Iterator[Finding]:
    if pact.provider not in project.providers:
        hint = did_you_mean(pact.provider, list(project.providers))
        message = f'the project file has no provider "{pact.provider}"{hint}'
        yield Finding("pact.provider.unknown", message)
    if pact.consumer != project.settings.consumer:
        message = f'the consumer "{pact.consumer}" is not the project file\'s "{project.settings.consumer}"'
        yield Finding("pact.consumer.unknown", message)


def _of_each(placed: list[_Placed]) -> Iterator[Finding]:
    unnamed: dict[str | None, list[PactInteraction]] = defaultdict(list)
    for one in placed:
        each = one.each
        if is_default(each.description):
            unnamed[one.handler].append(each)
        else:
            yield from _faults("description", each.description, each.index)
        for name, _ in each.states:
            yield from _faults("state", name, each.index)
        if len(each.path) > 1 and each.path.endswith("/"):
            message = f"{each.method} {each.path} ends with a slash, which most providers take for another path"
            yield Finding("interaction.path.trailing-slash", message, interaction=each.index, place="request.path")
        bodiless = each.method == "HEAD" or each.status in BODILESS or not 200 <= each.status < 300
        if not each.response.has_body and not bodiless:
            message = f'"{each.description}" says nothing about the response body'
            yield Finding("interaction.body.unasserted", message, interaction=each.index, place="response.body")
        for place, message in missing_regexes(each):
            yield Finding("rule.regex", message, interaction=each.index, place=place)
        for place, message in unchecked_arrays(each):
            yield Finding("rule.array.unchecked", message, interaction=each.index, place=place)
    for handler, group in unnamed.items():
        count = "an interaction has" if len(group) == 1 else f"{len(group)} interactions have"
        message = f'{count} no name ("{group[0].description}"); give {"the handler" if handler else "them"} a `name` '
        message += 'that reads as "upon receiving ..."'
        yield Finding("description.missing", message, interaction=group[0].index)


def _faults(kind: str, name: str, index: int) -> Iterator[Finding]:
    for code, message in name_faults(kind, name):
        yield Finding(code, message, interaction=index, place=kind)


def _of_pairs(placed: list[_Placed]) -> Iterator[Finding]:
    """Interactions that contradict or repeat each other."""
    by_request: dict[str, list[_Placed]] = defaultdict(list)
    for one in placed:
        by_request[_request_key(one.each)].append(one)
    for group in by_request.values():
        if len(group) == 1:
            continue
        answers = {_answer(one.each) for one in group}
        first, *others = group
        for one in others:
            if _answer(one.each) == _answer(first.each):
                message = f'"{one.each.description}" repeats interaction {first.each.index}'
                yield Finding("interaction.repeated", message, interaction=one.each.index)
        if len(answers) > 1:
            handlers = sorted({one.handler for one in group if one.handler})
            by = f" (by {' and '.join(handlers)})" if handlers else ""
            statuses = " and ".join(map(str, sorted({one.each.status for one in group})))
            message = (
                f"{first.each.method} {first.each.path} has {len(answers)} different responses ({statuses}) in one "
                f"provider state{by}; tell them apart with `given`, or leave one out with `record: false`"
            )
            yield Finding("interaction.answers.ambiguous", message, interaction=first.each.index)


def _request_key(each: PactInteraction) -> str:
    request = each.request
    return json.dumps(
        [each.states, each.method, each.path, each.query, request.headers, request.has_body, request.body],
        sort_keys=True,
        default=dict,
    )


def _answer(each: PactInteraction) -> str:
    response = each.response
    rules = sorted(json.dumps([rule.part, rule.at, rule.form], sort_keys=True) for rule in response.matchers)
    return json.dumps([each.status, response.headers, response.has_body, response.body, rules], sort_keys=True)
