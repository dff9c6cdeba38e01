"""What the importers of other mock servers share: conditions and templates in our words, and what cannot be said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pydantic import ValidationError

from interceptor.handlers.request_part import RequestPart
from interceptor.matching.mismatches import MatcherError
from interceptor.matching.requests import compile_request
from interceptor.matching.router import compile_address
from interceptor.matching.values import spelt_key
from interceptor.scaffold.addresses import literal
from interceptor.scaffold.answers import Fixtures, answer
from interceptor.scaffold.project import NewProvider
from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.values.media_types import JSON_MEDIA_TYPE
from interceptor.values.messages import Response

_TEMPLATE = re.compile(r"\{\{\{?(.*?)\}?\}\}", re.DOTALL)
_PLAIN_REGEX = re.compile(r"(?:[\w~%!@,;=&-]|\\[^A-Za-z0-9])*", re.ASCII)
_CAPTURING = re.compile(r"(?<!\\)\((?!\?)")
_ANYTHING = {".*", ".+", "(.*)", "(.+)", "(?:.*)"}


class UnsayableError(ValueError):
    """A condition that a handler cannot have."""


@dataclass(slots=True)
class MappedHandlers:
    """The handlers made so far, by provider."""

    provider: NewProvider
    """Of those that name no host."""
    notes: list[str] = field(default_factory=list)
    data: dict[str, Json] = field(default_factory=dict)
    """What scenarios begin with."""
    fixtures: Fixtures = field(default_factory=Fixtures)
    by_host: dict[str | None, list[dict[str, Json]]] = field(default_factory=dict)

    def add(self, host: str | None, handler: dict[str, Json]) -> None:
        """Add a handler.

        Raises:
            UnsayableError: what it asks for is no valid request part.
        """
        request = handler["request"]
        try:
            part = RequestPart.model_validate(request)
            compile_request(part)
            compile_address(part, self.provider.name)
        except ValidationError as error:
            raise UnsayableError(error.errors()[0]["msg"].removeprefix("Value error, ")) from error
        except (MatcherError, ValueError) as error:
            raise UnsayableError(str(error)) from error
        self.by_host.setdefault(host, []).append(handler)

    def providers(self) -> list[NewProvider]:
        """The providers, each with the handlers of its host."""
        found: list[NewProvider] = []
        for host, handlers in self.by_host.items():
            name, urls = (self.provider.name, self.provider.urls) if host is None else (host, _urls(host))
            base = urlsplit(urls[0]).path.rstrip("/")
            short = [{**each, "request": _shortened(_below(base, each["request"]))} for each in handlers]
            mine = not found  # the files of a project share their data
            files = {path: content for path, content in self.fixtures.files.items() if mine}
            found.append(NewProvider(name, urls, short, files, data=self.data if mine else {}))
        return found


def _urls(host: str) -> list[str]:
    return [host] if "://" in host else [f"https://{host}", f"http://{host}"]


def _below(base: str, request: dict[str, Json]) -> dict[str, Json]:
    path = request["path"]
    return {**request, "path": path.removeprefix(base)} if base and path.startswith(f"{base}/") else request


def _shortened(request: dict[str, Json]) -> Json:
    return f"{request['method']} {request['path']}" if set(request) == {"method", "path"} else request


# Conditions ----------------------------------------------------------------------------------------------------


def whole(regex: str) -> dict[str, Json]:
    """The matcher of a regular expression that has to match from end to end."""
    return {"$regex": f"^(?:{checked(regex)})$"}


def checked(regex: str) -> str:
    """A regular expression that Python can read, too.

    Raises:
        UnsayableError: it cannot.
    """
    try:
        re.compile(regex)
    except re.error as error:
        raise UnsayableError(f"the regular expression {regex} is not Python's: {error}") from error
    return regex


def all_of(matchers: Iterable[Json]) -> Json:
    """One matcher for several."""
    each = list(matchers)
    return each[0] if len(each) == 1 else {"$all_of": each}


def as_json_matcher(value: Json, *, ordered: bool = True) -> Json:
    """The matcher of a JSON value."""
    if isinstance(value, dict):
        return {spelt_key(key): as_json_matcher(member, ordered=ordered) for key, member in value.items()}
    if isinstance(value, list):
        elements = [as_json_matcher(element, ordered=ordered) for element in value]
        return elements if ordered else {"$unordered": elements}
    return value


def put_body(request: dict[str, Json], kind: str, matcher: Json) -> None:
    """Add a condition on the body.

    Raises:
        UnsayableError: another one takes the body for something else.
    """
    other = next((key for key in ("json", "text", "xml", "binary", "form") if key in request and key != kind), None)
    if other is not None:
        raise UnsayableError(f"its body is matched as {other} and as {kind}")
    if kind not in request:
        request[kind] = matcher
    elif kind == "xml":
        request[kind] = {**request[kind], **matcher}
    else:
        known = request[kind]
        each = known["$all_of"] if isinstance(known, dict) and set(known) == {"$all_of"} else [known]
        request[kind] = {"$all_of": [*each, matcher]}


def path_of_regex(regex: str) -> str:
    """The path of a regular expression: `/products/[0-9]+` -> `/products/:p1([0-9]+)`.

    Raises:
        UnsayableError: its parts are no segments.
    """
    text = checked(regex).removeprefix("^").removesuffix("$").replace("\\/", "/").replace("[^/]", ".")
    if text in _ANYTHING or text == "/.*":
        return "/*"
    segments = text.split("/")
    if segments[0]:
        raise UnsayableError(f"the path {regex} does not begin with a slash")
    pieces = [_segment(each, at, last=at == len(segments) - 1) for at, each in enumerate(segments)]
    return "/".join(pieces)


def _segment(regex: str, at: int, *, last: bool) -> str:
    if regex in _ANYTHING:
        return "*"
    if _PLAIN_REGEX.fullmatch(regex):
        return literal(_unescaped(regex)) if regex else ""
    if last and regex.endswith(".*") and _PLAIN_REGEX.fullmatch(regex[:-2]):
        return f"{literal(_unescaped(regex[:-2]))}*"
    try:
        re.compile(regex)
    except re.error:
        raise UnsayableError(f"the part {regex} of its path goes over a slash") from None
    return f":p{at}({_CAPTURING.sub('(?:', regex)})"


def _unescaped(regex: str) -> str:
    return re.sub(r"\\(.)", r"\1", regex)


# Answers -------------------------------------------------------------------------------------------------------


def mapped_answer(
    method: str,
    path: str,
    response: Response,
    fixtures: Fixtures,
    translate: Callable[[str], str | None] | None,
) -> dict[str, Json]:
    """The response of a handler that answers as another mock server does.

    Args:
        method: of the request.
        path: of the request.
        response: with every header that is declared.
        fixtures: takes long and binary bodies.
        translate: says a template's expression in our words, or None where it cannot; without it, there are none.
    """
    if response.body and response.header("content-type") is None:
        kind = JSON_MEDIA_TYPE if _is_json_document(response.body) else "text/plain"
        response = Response(response.status, (*response.headers, ("content-type", kind)), response.body)
    templated = translate is not None and b"{{" in response.body
    if templated and translate is not None:
        return _templated(response, translate)
    written = answer(method, path, response, fixtures, every_header=True)
    if translate is not None and "headers" in written:
        headers = {name: value for name, value in response.headers if "{{" in value}
        written["headers"] = {
            name: _filled(headers[name], translate) if name in headers else value
            for name, value in written["headers"].items()
        }
    return written


def _is_json_document(body: bytes) -> bool:
    try:
        return isinstance(parse_json(body), dict | list)
    except NotJsonError:
        return False


def _templated(response: Response, translate: Callable[[str], str | None]) -> dict[str, Json]:
    headers: dict[str, Json] = {}
    for name, value in response.headers:
        headers[name] = _filled(value, translate)
    text = response.body.decode("utf-8", "replace")
    is_json = "json" in str(headers.get("content-type"))
    body: dict[str, Json] = {"text": _filled(text, translate)}
    if is_json:
        with suppress(NotJsonError):  # a template may stand where a value would
            body = {"json": _filled_json(parse_json(response.body), translate)}
    if "json" in body and headers.get("content-type") == JSON_MEDIA_TYPE:
        del headers["content-type"]
    return {"status": response.status, **({"headers": headers} if headers else {}), **body}


def _filled_json(value: Json, translate: Callable[[str], str | None]) -> Json:
    if isinstance(value, str):
        filled = _filled(value, translate)
        # A lone expression keeps its type here; in the source it is a text between quotes.
        return (
            f"{filled[:-2].rstrip()} | string }}}}"
            if _TEMPLATE.fullmatch(value) and "{{ '{{' }}" not in filled
            else filled
        )
    if isinstance(value, dict):
        return {key: _filled_json(member, translate) for key, member in value.items()}
    return [_filled_json(element, translate) for element in value] if isinstance(value, list) else value


def _filled(text: str, translate: Callable[[str], str | None]) -> str:
    def said(match: re.Match[str]) -> str:
        expression = translate(match[1].strip())
        return match[0].replace("{{", "{{ '{{' }}") if expression is None else f"{{{{ {expression} }}}}"

    return _TEMPLATE.sub(said, text)


def json_path_expression(path: str) -> str | None:
    """`$.items[0].name` -> `request.json['items'][0]['name']`; None for paths that lead to several places."""
    steps = re.fullmatch(r"\$((?:\.[A-Za-z_][\w-]*|\[\d+\]|\['[^']+'\])*)", path)
    if steps is None:
        return None
    named = re.sub(r"\.([A-Za-z_][\w-]*)", r"['\1']", steps[1])
    return f"request.json{named}"


_JAVA_FORMAT = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S", "'T'": "T", "'Z'": "Z"}


def java_format(text: str) -> str | None:
    """`yyyy-MM-dd` -> `%Y-%m-%d`; None where it has what strftime cannot say."""
    filled = re.sub("|".join(_JAVA_FORMAT), lambda match: _JAVA_FORMAT[match[0]], text)
    return None if re.search(r"(?<!%)[A-Za-z](?<![TZ])", filled) else filled


def data_name(prefix: str, name: str) -> str:
    """A name in `data` for a scenario or a state."""
    return f"{prefix}_{re.sub(r'[^A-Za-z0-9]+', '_', name).strip('_').lower()}"


def quoted(text: str) -> str:
    """A text as an expression of a template."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
