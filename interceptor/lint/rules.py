"""Checks regular expressions against their own examples: the Pact tools match the whole value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from interceptor.pact.expectations import response_parts
from interceptor.pact.read import Matcher, PactInteraction, PactMessage
from interceptor.values.json_text import Json
from interceptor.values.patterns import Pattern, SlowPatternError
from interceptor.values.place import Side, below, children, find, parse_path, parse_place


def misses(regex: str, value: Json) -> bool:
    """True where a regular expression does not match a value from end to end."""
    text = value if isinstance(value, str) else str(value)
    try:
        return Pattern(regex).fullmatch(text) is None
    except (re.error, SlowPatternError):
        return False  # another dialect than ours, or too slow for us; the tools will say


def missing_regexes(each: PactInteraction) -> Iterator[tuple[str, str]]:
    """Place and message for each regular expression that does not match its own example."""
    sides: tuple[tuple[Side, PactMessage], ...] = (("request", each.request), ("response", each.response))
    for side, message in sides:
        for matcher in message.matchers:
            regex = matcher.form.get("regex") if matcher.form.get("match") == "regex" else None
            if not isinstance(regex, str):
                continue
            wrong = [value for value in _examples(matcher, message, each) if misses(regex, value)]
            if wrong:
                place = _place(side, matcher)
                yield place, f'the regex "{regex}" at {place} does not match "{wrong[0]}" from end to end'


def _place(side: Side, matcher: Matcher) -> str:
    if matcher.part == "body":
        return f"{side}.{matcher.at}"
    return str(replace(parse_place(f"{matcher.part}.{matcher.at}".removesuffix(".")), side=side))


def _examples(matcher: Matcher, message: PactMessage, each: PactInteraction) -> list[Json]:
    match matcher.part:
        case "path":
            return [each.path]
        case "query":
            return list(each.query.get(matcher.at, []))
        case "header":
            return list(message.headers.get(matcher.at.lower(), []))
        case "body" if message.has_body:
            try:
                found = [value for _, value in find(message.body, parse_path(matcher.at))]
            except ValueError:
                return []
            return [value for value in found if isinstance(value, str | int | float)]
    return []


def unchecked_arrays(each: PactInteraction) -> Iterator[tuple[str, str]]:
    """The empty arrays of a response that a `type` further up leaves open, with what is wrong."""
    parts = response_parts(each)
    for place in _empty_arrays(each.response.body, "$") if each.response.has_body else ():
        if (part := parts.get(f"response.body.{place}")) is not None and part.rules:
            message = f"the empty array at response.{place} accepts anything, since a `type` rule stands further up"
            yield f"response.{place}", f"{message}; say what it holds, or give the handler `matching` of its own"


def _empty_arrays(value: Json, place: str) -> Iterator[str]:
    if value == []:
        yield place
    for step, member in children(value):
        yield from _empty_arrays(member, below(place, step))
