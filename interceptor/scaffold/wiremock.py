"""Mappings of WireMock as handlers: https://wiremock.org/docs/stubbing/"""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from interceptor.scaffold.addresses import literal
from interceptor.scaffold.mapped import (
    MappedHandlers,
    UnsayableError,
    data_name,
    java_format,
    json_path_expression,
    mapped_answer,
    path_of_regex,
    quoted,
)
from interceptor.scaffold.project import NewProvider
from interceptor.scaffold.wiremock_matchers import put_body_pattern, value_matcher
from interceptor.values.errors import UsageError
from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.values.messages import Response
from interceptor.values.urls import parse_query

_DEFAULT = NewProvider("WireMock", ["http://localhost:8080"], [], {})
_DEFAULT_PRIORITY = 5
_FAULTS = {
    "EMPTY_RESPONSE": "close",
    "CONNECTION_RESET_BY_PEER": "reset",
    "MALFORMED_RESPONSE_CHUNK": "malformed",
    "RANDOM_DATA_THEN_CLOSE": "malformed",
}
_ASKED = {
    "method", "url", "urlPattern", "urlPath", "urlPathPattern", "urlPathTemplate", "pathParameters", "queryParameters",
    "headers", "cookies", "basicAuthCredentials", "bodyPatterns", "formParameters", "host", "port", "scheme",
}  # fmt: skip
_ANSWERED = {
    "status", "headers", "body", "jsonBody", "base64Body", "bodyFileName", "fixedDelayMilliseconds",
    "delayDistribution", "fault", "proxyBaseUrl", "transformers", "statusMessage",
}  # fmt: skip
_OFFSET = re.compile(r"([+-]?\d+) (second|minute|hour|day|week|month|year)s?")
_UNITS = {"second": "s", "minute": "m", "hour": "h", "day": "d", "week": "w", "month": "mo", "year": "y"}
_ARGUMENT = re.compile(r"""(\w+)=(?:'([^']*)'|"([^"]*)"|(\S+))""")


def import_wiremock(path: Path, provider: NewProvider | None) -> tuple[list[NewProvider], list[str]]:
    """The providers of WireMock's folder, of its `mappings`, or of one file; and what could not be said.

    Raises:
        UsageError: there is nothing to be read.
    """
    made = MappedHandlers(provider or _DEFAULT)
    for label, mapping in _mappings(path, made.notes):
        try:
            _add(made, mapping, _files(path), label)
        except (UnsayableError, AttributeError, LookupError, TypeError, ValueError) as error:
            made.notes.append(f"{label}: left out: {error}")
    if provider is None and None in made.by_host:
        made.notes.append(
            f"the mappings name no host: {_DEFAULT.urls[0]} stands for it; --provider NAME=URL says which"
        )
    return made.providers(), made.notes


def _mappings(path: Path, notes: list[str]) -> list[tuple[str, dict[str, Any]]]:
    """Every mapping with what it is called, the one that WireMock tries first at first."""
    folder = path / "mappings" if (path / "mappings").is_dir() else path
    files = sorted(folder.rglob("*.json")) if folder.is_dir() else [path]
    found: list[tuple[str, dict[str, Any]]] = []
    for file in (each for each in files if "__files" not in each.parts):
        try:
            document: Any = parse_json(file.read_bytes())
        except OSError as error:
            raise UsageError(f"cannot read the mappings {file}: {error.strerror}", "check the path") from error
        except NotJsonError as error:
            notes.append(f"{file}: not JSON: {error}")
            continue
        several = document.get("mappings") if isinstance(document, dict) else None
        for number, mapping in enumerate(several if isinstance(several, list) else [document], 1):
            if not isinstance(mapping, dict) or "request" not in mapping:
                notes.append(f"{file}: no mapping of WireMock")
                continue
            found.append((f"{file}{f' (mapping {number})' if several else ''}", mapping))
    # Of equals, WireMock takes the one that was added last.
    found.reverse()
    return sorted(found, key=lambda each: _priority(each[1]))


def _priority(mapping: dict[str, Any]) -> int:
    priority = mapping.get("priority")
    return priority if isinstance(priority, int) else _DEFAULT_PRIORITY


def _files(path: Path) -> Path:
    candidates = (path / "__files", path.parent / "__files", path.parent.parent / "__files")
    return next((each for each in candidates if each.is_dir()), candidates[0])


def _add(made: MappedHandlers, mapping: dict[str, Any], files: Path, label: str) -> None:
    asked = mapping["request"]
    host, request = _request(asked)
    handler: dict[str, Json] = {"request": request}
    changes = _scenario(mapping, handler, made.data)
    handler["response"] = _response(mapping.get("response") or {}, request, files, made, label)
    for name in ("postServeActions", "serveEventListeners"):
        if mapping.get(name):
            made.notes.append(f"{label}: {name} cannot be said")
    made.add(host, handler | ({"then": changes} if changes else {}))


# Requests ------------------------------------------------------------------------------------------------------


def _request(asked: dict[str, Any]) -> tuple[str | None, dict[str, Json]]:
    """The host, where it is named, and the request part."""
    if unknown := sorted(set(asked) - _ASKED):
        raise UnsayableError(f"a handler has no {', '.join(unknown)}")
    query: dict[str, Json] = {}
    path, exact = _path(asked, query)
    for name, pattern in (asked.get("queryParameters") or {}).items():
        query[_key(name)] = value_matcher(pattern)
    request: dict[str, Json] = {"method": (asked.get("method") or "ANY").upper(), "path": path}
    if exact or query:
        request["query"] = {"$exact": query} if exact else query
    headers = {name.lower(): value_matcher(pattern) for name, pattern in (asked.get("headers") or {}).items()}
    if (credentials := asked.get("basicAuthCredentials")) is not None:
        basic = {"user": credentials["username"], "password": credentials["password"]}
        headers["authorization"] = {"$basic": basic}
    cookies = {_key(name): value_matcher(pattern) for name, pattern in (asked.get("cookies") or {}).items()}
    form = {_key(name): value_matcher(pattern) for name, pattern in (asked.get("formParameters") or {}).items()}
    request |= {key: found for key, found in (("headers", headers), ("cookies", cookies), ("form", form)) if found}
    for pattern in asked.get("bodyPatterns") or []:
        put_body_pattern(request, pattern)
    return _host(asked), request


def _key(name: str) -> str:
    return f"${name}" if name.startswith("$") else name


def _host(asked: dict[str, Any]) -> str | None:
    host, port, scheme = asked.get("host"), asked.get("port"), asked.get("scheme")
    if host is None:
        if port is not None or scheme is not None:
            raise UnsayableError("it names a port or a scheme without a host")
        return None
    name = host.get("equalTo") if isinstance(host, dict) else host
    if not isinstance(name, str):
        raise UnsayableError("its host is a pattern")
    at = f"{name}:{port}" if port else name
    return f"{scheme}://{at}" if scheme else at


def _path(asked: dict[str, Any], query: dict[str, Json]) -> tuple[str, bool]:
    """The path, and whether the query that was found with it is all that there may be."""
    if (url := asked.get("url")) is not None:
        parts = urlsplit(url)
        for name, value in parse_query(parts.query):
            known = query.get(_key(name))
            query[_key(name)] = value if known is None else [*(known if isinstance(known, list) else [known]), value]
        return literal(parts.path or "/"), True
    if (regex := asked.get("urlPattern")) is not None:
        path, mark, rest = regex.partition("\\?")
        if mark:
            _query_of_regex(rest, query)
            return path_of_regex(path), True
        if path.endswith(".*"):  # it takes any query, too
            return path_of_regex(path), False
        return path_of_regex(path), True
    if (path := asked.get("urlPath")) is not None:
        return literal(path), False
    if (regex := asked.get("urlPathPattern")) is not None:
        return path_of_regex(regex), False
    if (template := asked.get("urlPathTemplate")) is not None:
        return _template(template, asked.get("pathParameters") or {}), False
    return "/*", False


def _query_of_regex(regex: str, query: dict[str, Json]) -> None:
    for piece in regex.removesuffix("$").split("&"):
        name, equals, value = piece.partition("=")
        if not equals or not re.fullmatch(r"[\w-]+", name):
            raise UnsayableError(f"the query {regex} of its urlPattern has no plain names")
        query[name] = value_matcher({"matches": value})


def _template(template: str, parameters: dict[str, Any]) -> str:
    def parameter(match: re.Match[str]) -> str:
        name = re.sub(r"\W", "_", match[1])
        pattern = parameters.get(match[1])
        if pattern is None:
            return f":{name}"
        matcher = value_matcher(pattern)
        if isinstance(matcher, str):
            return f":{name}({re.escape(matcher)})"
        if isinstance(matcher, dict) and set(matcher) == {"$regex"}:
            return f":{name}({matcher['$regex'].removeprefix('^').removesuffix('$')})"
        raise UnsayableError(f"the parameter {match[1]} of its path is matched by more than a text or an expression")

    return re.sub(r"\{([^{}]+)\}", parameter, template)


# Answers -------------------------------------------------------------------------------------------------------


def _scenario(mapping: dict[str, Any], handler: dict[str, Json], data: dict[str, Json]) -> dict[str, Json]:
    """The condition of a scenario, and the change that it makes."""
    if (scenario := mapping.get("scenarioName")) is None:
        return {}
    name = data_name("scenario", scenario)
    data[name] = "Started"
    if (required := mapping.get("requiredScenarioState")) is not None:
        handler["when"] = f"data.{name} == {quoted(required)}"
    new = mapping.get("newScenarioState")
    return {} if new is None else {name: new}


def _response(
    answered: dict[str, Any], request: dict[str, Json], files: Path, made: MappedHandlers, label: str
) -> dict[str, Json]:
    for name in sorted(set(answered) - _ANSWERED) + (["statusMessage"] if answered.get("statusMessage") else []):
        made.notes.append(f"{label}: {name} of its response cannot be said")
    if (fault := answered.get("fault")) is not None:
        if fault not in _FAULTS:
            raise UnsayableError(f"there is no fault {fault}")
        return {"error": _FAULTS[fault], **_delay(answered)}
    if (real := answered.get("proxyBaseUrl")) is not None:
        return {"passthrough": {"to": real}, **_delay(answered)}
    headers, body = _message(answered, files)
    templates = "response-template" in (answered.get("transformers") or [])
    for transformer in answered.get("transformers") or []:
        if transformer != "response-template":
            made.notes.append(f"{label}: the transformer {transformer} is not run")

    def translated(expression: str) -> str | None:
        said = _expression(expression)
        if said is None:
            made.notes.append(f"{label}: the template {{{{{expression}}}}} stays a text")
        return said

    response = Response(int(answered.get("status") or 200), headers, body)
    written = mapped_answer(
        request["method"], request["path"], response, made.fixtures, translated if templates else None
    )
    return written | _delay(answered)


def _message(answered: dict[str, Any], files: Path) -> tuple[tuple[tuple[str, str], ...], bytes]:
    headers = tuple(
        (name.lower(), str(value))
        for name, values in (answered.get("headers") or {}).items()
        for value in (values if isinstance(values, list) else [values])
    )
    if "jsonBody" in answered:
        body = json.dumps(answered["jsonBody"], ensure_ascii=False).encode()
        if all(name != "content-type" for name, _ in headers):
            headers = (*headers, ("content-type", "application/json"))
        return headers, body
    if "base64Body" in answered:
        return headers, base64.b64decode(answered["base64Body"])
    if (name := answered.get("bodyFileName")) is not None:
        file = (files / str(name).lstrip("/")).resolve()
        if "{{" in str(name) or not file.is_relative_to(files.resolve()):
            raise UnsayableError(f"its file {name} is not one of __files")
        try:
            return headers, file.read_bytes()
        except OSError as error:
            raise UnsayableError(f"its file {file} cannot be read: {error.strerror}") from error
    return headers, str(answered.get("body") or "").encode()


def _delay(answered: dict[str, Any]) -> dict[str, Json]:
    fixed = answered.get("fixedDelayMilliseconds")
    match answered.get("delayDistribution"):
        case {"type": "lognormal", "median": median, "sigma": sigma}:
            return {"delay": {"median": median, "sigma": sigma}}
        case {"type": "uniform", "lower": lower, "upper": upper}:
            return {"delay": {"min": lower, "max": upper}}
        case {"type": "fixed", "milliseconds": fixed}:
            return {"delay": fixed}
    return {} if not fixed else {"delay": fixed}


_EXPRESSIONS: tuple[tuple[str, str], ...] = (
    (r"request\.(method|host)", r"request.\1"),
    (r"request\.path", "request.path"),
    (r"request\.url", "request.url | regex_replace('^[a-z]+://[^/]+', '')"),
    (r"request\.body", "request.text"),
    (r"request\.path\.([A-Za-z_]\w*)", r"params.\1"),
    (r"request\.query\.\[?'?([\w-]+)'?\]?(?:\.(?:\[0\]|first))?", r"request.query['\1'] | default('')"),
    (r"request\.query\.([\w-]+)\.\[(\d+)\]", r"request.query.all('\1')[\2] | default('')"),
    (r"request\.cookies\.([\w-]+)", r"request.cookies['\1'] | default('')"),
    (r"randomValue type='UUID'|randomValue type=\"UUID\"", "uuid()"),
    (r"randomInt lower=(-?\d+) upper=(-?\d+)", r"random_int(\1, \2)"),
)


def _expression(text: str) -> str | None:
    """A template's expression in our words, or None where it cannot be said."""
    for pattern, said in _EXPRESSIONS:
        if match := re.fullmatch(pattern, text):
            return match.expand(said)
    if match := re.fullmatch(r"request\.(?:path|pathSegments)\.\[(\d+)\]", text):
        return f"request.path.split('/')[{int(match[1]) + 1}]"
    if match := re.fullmatch(r"request\.headers\.\[?'?([\w-]+)'?\]?(?:\.\[0\])?", text):
        return f"request.headers['{match[1].lower()}'] | default('')"
    if match := re.fullmatch(r"""jsonPath request\.body ['"](.+)['"]""", text):
        path = json_path_expression(match[1])
        return None if path is None else f"{path} | default('')"
    return _now(text) if re.fullmatch(r"now(\s.*)?", text) else None


def _now(text: str) -> str | None:
    arguments = {match[1]: next(filter(None, match.groups()[1:]), "") for match in _ARGUMENT.finditer(text)}
    if set(arguments) - {"offset", "format"}:
        return None
    moved = ""
    if (offset := arguments.get("offset")) is not None:
        if (match := _OFFSET.fullmatch(offset)) is None:
            return None
        moved = quoted(f"{int(match[1]):+d}{_UNITS[match[2]]}")
    match arguments.get("format"):
        case None:
            return f"now({moved})"
        case "epoch":
            return f"now({moved}).epoch * 1000"
        case "unix":
            return f"now({moved}).epoch"
        case form:
            known = java_format(form)
            return None if known is None else f"now({moved}{', ' if moved else ''}format={quoted(known)})"
