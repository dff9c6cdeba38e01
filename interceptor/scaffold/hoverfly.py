"""Simulations of Hoverfly, version 5, as handlers: https://docs.hoverfly.io/en/latest/pages/reference/simulationschema.html"""

from __future__ import annotations

import base64
import math
import re
from fnmatch import translate as glob_regex
from pathlib import Path
from typing import Any

from interceptor.scaffold.addresses import literal
from interceptor.scaffold.mapped import (
    MappedHandlers,
    UnsayableError,
    all_of,
    as_json_matcher,
    checked,
    data_name,
    json_path_expression,
    mapped_answer,
    path_of_regex,
    put_body,
    quoted,
)
from interceptor.scaffold.project import NewProvider
from interceptor.values.errors import UsageError
from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.values.messages import Response

_DEFAULT = NewProvider("Hoverfly", ["http://localhost:8500"], [], {})
_ASKED = {"path", "method", "destination", "scheme", "query", "body", "headers", "requiresState", "deprecatedQuery"}


def import_hoverfly(path: Path, provider: NewProvider | None) -> tuple[list[NewProvider], list[str]]:
    """The providers of a simulation, and what could not be said.

    Raises:
        UsageError: the file is no simulation of version 5.
    """
    try:
        document: Any = parse_json(path.read_bytes())
        pairs, version = list(document["data"]["pairs"]), str((document.get("meta") or {}).get("schemaVersion", ""))
    except OSError as error:
        raise UsageError(f"cannot read the simulation {path}: {error.strerror}", "check the path") from error
    except (NotJsonError, AttributeError, LookupError, TypeError) as error:
        raise UsageError(f"{path} is no simulation of Hoverfly", "write one: hoverctl export FILE") from error
    if version and not version.startswith("v5"):
        raise UsageError(
            f"{path} is a simulation of version {version}", "load it into Hoverfly and export it again: v5"
        )
    made = MappedHandlers(provider or _DEFAULT)
    # Hoverfly takes the pair that asks for most.
    numbered = sorted(enumerate(pairs, 1), key=lambda each: -_strength(each[1]))
    for number, pair in numbered:
        try:
            _add(made, pair, path.parent, f"pair {number}")
        except (UnsayableError, AttributeError, LookupError, TypeError, ValueError) as error:
            made.notes.append(f"pair {number}: left out: {error}")
    made.notes += [f"{name} cannot be said" for name in _unsaid(document["data"])]
    if provider is None and None in made.by_host:
        made.notes.append(
            f"pairs that name no destination: {_DEFAULT.urls[0]} stands for it; --provider NAME=URL says which"
        )
    return made.providers(), made.notes


def _unsaid(data: dict[str, Any]) -> list[str]:
    actions = data.get("globalActions")
    named = {
        **(actions if isinstance(actions, dict) else {}),
        **{key: data.get(key) for key in ("literals", "variables")},
    }
    return [name for name, found in named.items() if found]


def _strength(pair: Any) -> int:
    """How much a pair asks for: exact values count for more than patterns."""
    asked = pair.get("request") if isinstance(pair, dict) else None
    if not isinstance(asked, dict):
        return 0
    named = [each for each in (asked.get("query"), asked.get("headers")) if isinstance(each, dict)]
    fields = [each for fields in (asked, *named) for each in fields.values() if isinstance(each, list)]
    matchers = [matcher for each in fields for matcher in each if isinstance(matcher, dict)]
    states = asked.get("requiresState")
    strength = sum(2 if each.get("matcher", "exact") == "exact" else 1 for each in matchers)
    return strength + (len(states) if isinstance(states, dict) else 0)


def _add(made: MappedHandlers, pair: dict[str, Any], folder: Path, label: str) -> None:
    asked, answered = pair["request"], pair["response"]
    if unknown := sorted(set(asked) - _ASKED):
        raise UnsayableError(f"a handler has no {', '.join(unknown)}")
    handler: dict[str, Json] = {"request": _request(asked)}
    required = asked.get("requiresState") or {}
    for key in (*required, *(answered.get("transitionsState") or {})):
        made.data.setdefault(_state(key), "1" if key.startswith("sequence:") else "")
    if required:
        handler["when"] = " and ".join(f"data.{_state(key)} == {quoted(value)}" for key, value in required.items())
    handler["response"] = _response(answered, handler["request"], folder, made, label)
    changes = {_state(key): value for key, value in (answered.get("transitionsState") or {}).items()}
    changes |= {_state(key): "" for key in answered.get("removesState") or []}
    made.add(_host(asked), handler | ({"then": changes} if changes else {}))


def _state(key: str) -> str:
    return data_name("state", key)


# Requests ------------------------------------------------------------------------------------------------------


def _request(asked: dict[str, Any]) -> dict[str, Json]:
    request: dict[str, Json] = {"method": _method(asked.get("method")), "path": _path(asked.get("path"))}
    for name in ("query", "headers"):
        found = {
            key.lower() if name == "headers" else key: all_of([_matcher(each) for each in matchers])
            for key, matchers in (asked.get(name) or {}).items()
        }
        if found:
            request[name] = found
    for each in asked.get("body") or []:
        _put_body(request, each)
    return request


def _method(matchers: Any) -> str:
    if not matchers or _is_anything(matchers):
        return "ANY"
    return _exact(matchers, "method").upper()


def _is_anything(matchers: list[dict[str, Any]]) -> bool:
    return all(each.get("matcher") == "glob" and each.get("value") == "*" for each in matchers)


def _exact(matchers: list[dict[str, Any]], name: str) -> str:
    if len(matchers) != 1 or matchers[0].get("matcher", "exact") != "exact":
        raise UnsayableError(f"its {name} is a pattern")
    return str(matchers[0]["value"])


def _path(matchers: Any) -> str:
    if not matchers:
        return "/*"
    if len(matchers) > 1:
        raise UnsayableError("its path has several matchers")
    value = str(matchers[0]["value"])
    match matchers[0].get("matcher", "exact"):
        case "exact":
            return literal(value)
        case "glob":
            return "/*" if value == "*" else "*".join(literal(each) if each else "" for each in value.split("*"))
        case "regex":
            return path_of_regex(value if value.startswith(("^", "/", "\\/")) else f"/.*{value}")
        case other:
            raise UnsayableError(f"its path is matched by {other}")


def _host(asked: dict[str, Any]) -> str | None:
    matchers, schemes = asked.get("destination"), asked.get("scheme")
    if not matchers or _is_anything(matchers):
        return None
    host = _exact(matchers, "destination")
    return host if not schemes or _is_anything(schemes) else f"{_exact(schemes, 'scheme')}://{host}"


def _matcher(matcher: dict[str, Any]) -> Json:
    """The matcher of a text."""
    if matcher.get("doMatch"):
        raise UnsayableError("its matchers are chained")
    value = matcher.get("value")
    match matcher.get("matcher", "exact"):
        case "exact":
            return str(value)
        case "glob":
            return {"$any": True} if value == "*" else {"$regex": _glob(str(value))}
        case "regex":
            return {"$regex": checked(str(value))}
        case "negate":
            return {"$not": str(value)}
        case "array" if isinstance(value, list):
            config = matcher.get("config") or {}
            if config.get("ignoreUnknown") or config.get("ignoreOccurrences"):
                return {"$all_of": [{"$contains": str(each)} for each in value]}
            return {"$unordered": [str(each) for each in value]} if config.get("ignoreOrder") else [*map(str, value)]
        case other:
            raise UnsayableError(f"a handler has no matcher {other}")


def _glob(text: str) -> str:
    return (
        "^" + glob_regex(text.replace("[", "[[]").replace("?", "[?]")).removeprefix("(?s:").removesuffix(r")\Z") + "$"
    )


def _put_body(request: dict[str, Json], matcher: dict[str, Any]) -> None:
    value, kind = matcher.get("value"), matcher.get("matcher", "exact")
    if matcher.get("doMatch"):
        raise UnsayableError("its matchers are chained")
    match kind:
        case "json":
            put_body(request, "json", {"$exact": as_json_matcher(_document(value))})
        case "jsonPartial":
            put_body(request, "json", as_json_matcher(_document(value)))
        case "jsonpath":
            put_body(request, "json", {"$path": {str(value): {"$any": True}}})
        case "xml":
            put_body(request, "xml", {"equal": str(value)})
        case "xpath":
            put_body(request, "xml", {str(value).removesuffix("/text()"): {"$any": True}})
        case "form" if isinstance(value, dict):
            fields = {name: all_of([_matcher(each) for each in matchers]) for name, matchers in value.items()}
            put_body(request, "form", fields)
        case "exact" if value == "":
            return  # Hoverfly writes this for requests without a body
        case "glob" if value == "*":
            return
        case _:
            put_body(request, "text", _matcher(matcher))


def _document(value: Any) -> Json:
    return parse_json(value.encode()) if isinstance(value, str) else value


# Answers -------------------------------------------------------------------------------------------------------


def _response(
    answered: dict[str, Any], request: dict[str, Json], folder: Path, made: MappedHandlers, label: str
) -> dict[str, Json]:
    headers = tuple(
        (name.lower(), str(value))
        for name, values in (answered.get("headers") or {}).items()
        for value in (values if isinstance(values, list) else [values])
    )
    response = Response(int(answered.get("status") or 200), headers, _content(answered, folder))

    def translated(expression: str) -> str | None:
        said = _expression(expression)
        if said is None:
            made.notes.append(f"{label}: the template {{{{{expression}}}}} stays a text")
        return said

    translate = translated if answered.get("templated") else None
    for name in ("postServeAction",):
        if answered.get(name):
            made.notes.append(f"{label}: {name} cannot be said")
    return mapped_answer(request["method"], request["path"], response, made.fixtures, translate) | _delay(answered)


def _content(answered: dict[str, Any], folder: Path) -> bytes:
    if name := answered.get("bodyFile"):
        file = (folder / str(name)).resolve()
        if "://" in str(name) or not file.is_relative_to(folder.resolve()):
            raise UnsayableError(f"its file {name} is not beside the simulation")
        try:
            return file.read_bytes()
        except OSError as error:
            raise UnsayableError(f"its file {name} cannot be read: {error.strerror}") from error
    body = str(answered.get("body") or "")
    return base64.b64decode(body) if answered.get("encodedBody") else body.encode()


def _delay(answered: dict[str, Any]) -> dict[str, Json]:
    if fixed := answered.get("fixedDelay"):
        return {"delay": fixed}
    drawn = answered.get("logNormalDelay")
    if not drawn:
        return {}
    mean, median = float(drawn["mean"]), float(drawn["median"])
    # The mean of a log-normal distribution is its median times exp(sigma squared / 2).
    sigma = math.sqrt(2 * math.log(mean / median)) if mean > median > 0 else 0
    return {"delay": {"median": round(median), "sigma": round(sigma, 3)}}


_EXPRESSIONS: tuple[tuple[str, str], ...] = (
    (r"Request\.Method", "request.method"),
    (r"Request\.Host", "request.host"),
    (r"Request\.Body", "request.text"),
    (r"Request\.QueryParam\.([\w-]+)(?:\.\[0\])?", r"request.query['\1'] | default('')"),
    (r"Request\.QueryParam\.([\w-]+)\.\[(\d+)\]", r"request.query.all('\1')[\2] | default('')"),
    (r"Request\.FormData\.([\w-]+)(?:\.\[0\])?", r"request.form['\1'] | default('')"),
    (r"randomUuid", "uuid()"),
    (r"randomIntegerRange (-?\d+) (-?\d+)", r"random_int(\1, \2)"),
    (r"iso8601DateTime", "now()"),
    (r"now '' ''", "now()"),
    (r"now '' 'unix'", "now().epoch"),
)


def _expression(text: str) -> str | None:
    """A template's expression in our words, or None where it cannot be said."""
    for pattern, said in _EXPRESSIONS:
        if match := re.fullmatch(pattern, text):
            return match.expand(said)
    if match := re.fullmatch(r"Request\.Path\.\[(\d+)\]", text):
        return f"request.path.split('/')[{int(match[1]) + 1}]"
    if match := re.fullmatch(r"Request\.Header\.([\w-]+)(?:\.\[0\])?", text):
        return f"request.headers['{match[1].lower()}'] | default('')"
    if match := re.fullmatch(r"State\.(.+)", text):
        return f"data.{_state(match[1])}"
    if match := re.fullmatch(r"""Request\.Body ['"]jsonpath['"] ['"](.+)['"]""", text):
        path = json_path_expression(match[1])
        return None if path is None else f"{path} | default('')"
    return None
