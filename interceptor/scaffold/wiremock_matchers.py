"""WireMock's matchers in our words: https://wiremock.org/docs/request-matching/"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from interceptor.matching.values import spelt_key
from interceptor.scaffold.mapped import UnsayableError, all_of, as_json_matcher, put_body, whole
from interceptor.values.json_text import Json, parse_json

_NOT_MATCHERS = {"caseInsensitive", "ignoreArrayOrder", "ignoreExtraElements", "actualFormat", "schemaVersion"}
_UNITS = {"seconds": "s", "minutes": "m", "hours": "h", "days": "d", "weeks": "w", "months": "mo", "years": "y"}
_PLACEHOLDERS: dict[str, Json] = {
    "any-string": {"$type": "string"},
    "any-number": {"$type": "number"},
    "any-boolean": {"$type": "boolean"},
    "ignore": {"$any": True},
    "ignore-element": {"$any": True},
}


def value_matcher(pattern: Any) -> Json:
    """The matcher of a text.

    Raises:
        UnsayableError: it asks for what our matchers cannot.
    """
    if not isinstance(pattern, dict):
        raise UnsayableError(f"{pattern!r} is no matcher")
    if isinstance(pattern.get("absent"), bool):
        return {"$absent": True} if pattern["absent"] else {"$any": True}
    return all_of([_single(name, value, pattern) for name, value in pattern.items() if name not in _NOT_MATCHERS])


def _single(name: str, value: Any, pattern: dict[str, Any]) -> Json:
    if name == "equalTo" and pattern.get("caseInsensitive"):
        return {"$regex": f"(?i)^(?:{re.escape(value)})$"}
    said = _SAID.get(name)
    if said is None:
        raise UnsayableError(f"a handler has no matcher {name}")
    return said(value)


_SAID: dict[str, Callable[[Any], Json]] = {
    "equalTo": str,
    "contains": lambda value: {"$contains": str(value)},
    "doesNotContain": lambda value: {"$not": {"$contains": str(value)}},
    "matches": whole,
    "doesNotMatch": lambda value: {"$not": whole(value)},
    "anything": lambda _: {"$any": True},
    "and": lambda value: {"$all_of": [value_matcher(each) for each in value]},
    "or": lambda value: {"$any_of": [value_matcher(each) for each in value]},
    "not": lambda value: {"$not": value_matcher(value)},
    "hasExactly": lambda value: {"$unordered": [value_matcher(each) for each in value]},
    "includes": lambda value: {"$all_of": [{"$contains": value_matcher(each)} for each in value]},
    "before": lambda value: {"$before": _time(value)},
    "after": lambda value: {"$after": _time(value)},
    "equalToDateTime": lambda value: {"$within": {"of": _time(value), "by": "0s"}},
}


def _time(text: str) -> str:
    if match := re.fullmatch(r"now(?: ?([+-]?\d+) (\w+?)s?)?", text):
        unit = _UNITS.get(f"{match[2]}s") if match[2] else ""
        if unit is None:
            raise UnsayableError(f"{text} is no time")
        return f"now{int(match[1]):+d}{unit}" if match[1] else "now"
    return text


def put_body_pattern(request: dict[str, Json], pattern: dict[str, Any]) -> None:
    """Add a condition on the body to a request part.

    Raises:
        UnsayableError: it asks for what our matchers cannot.
    """
    if "equalToJson" in pattern:
        asked = pattern["equalToJson"]
        document = parse_json(asked.encode()) if isinstance(asked, str) else asked
        matcher = _with_placeholders(as_json_matcher(document, ordered=not pattern.get("ignoreArrayOrder")))
        put_body(request, "json", matcher if pattern.get("ignoreExtraElements") else {"$exact": matcher})
    elif "matchesJsonPath" in pattern:
        put_body(request, "json", {"$path": _json_path(pattern["matchesJsonPath"])})
    elif "matchesJsonSchema" in pattern:
        asked = pattern["matchesJsonSchema"]
        put_body(request, "json", {"$schema": parse_json(asked.encode()) if isinstance(asked, str) else asked})
    elif "equalToXml" in pattern:
        if pattern.get("enablePlaceholders"):
            raise UnsayableError("its XML has placeholders")
        put_body(request, "xml", {"equal": pattern["equalToXml"]})
    elif "matchesXPath" in pattern:
        put_body(request, "xml", _xpath(pattern))
    elif "binaryEqualTo" in pattern:
        put_body(request, "binary", {"base64": pattern["binaryEqualTo"]})
    elif pattern.get("absent") is True:
        put_body(request, "text", "")
    else:
        put_body(request, "text", value_matcher(pattern))


def _with_placeholders(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _with_placeholders(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_with_placeholders(element) for element in value]
    if isinstance(value, str) and (match := re.fullmatch(r"[$#]\{json-unit\.([a-z-]+)\}(.*)", value)):
        if match[1] == "regex":
            return whole(match[2])
        if match[1] not in _PLACEHOLDERS or match[2]:
            raise UnsayableError(f"there is no placeholder {value}")
        return _PLACEHOLDERS[match[1]]
    return value


def _json_path(asked: Any) -> dict[str, Json]:
    if isinstance(asked, str):
        return {asked: {"$any": True}}
    expression = asked["expression"]
    pattern = {name: value for name, value in asked.items() if name != "expression"}
    if "equalToJson" in pattern:
        body: dict[str, Json] = {}
        put_body_pattern(body, pattern)
        return {expression: body["json"]}
    if set(pattern) == {"equalTo"} and (same := _like_text(str(pattern["equalTo"]))) is not None:
        return {expression: {"$one_of": [pattern["equalTo"], same]}}
    return {expression: value_matcher(pattern)}


def _like_text(text: str) -> Json:
    """The number or boolean that WireMock finds equal to a text."""
    if text in {"true", "false"}:
        return text == "true"
    if re.fullmatch(r"-?(0|[1-9]\d*)", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?(0|[1-9]\d*)\.\d+", text) else None


def _xpath(pattern: dict[str, Any]) -> dict[str, Json]:
    asked = pattern["matchesXPath"]
    expression = asked if isinstance(asked, str) else asked["expression"]
    rest = {} if isinstance(asked, str) else {name: value for name, value in asked.items() if name != "expression"}
    spaces = pattern.get("xPathNamespaces")
    matcher = value_matcher(rest) if rest else {"$any": True}
    named: dict[str, Json] = {"namespaces": spaces} if spaces else {}
    return {**named, spelt_key(expression.removesuffix("/text()")): matcher}
