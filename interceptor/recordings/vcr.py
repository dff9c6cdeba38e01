"""Cassettes of vcrpy, betamax and ruby-vcr, in YAML and in JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from interceptor.values.content_codings import NotDecodedError, decoded
from interceptor.values.damage import Damage
from interceptor.values.errors import RecordingError
from interceptor.values.exchange import ImportedExchange
from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.values.messages import Headers, Request, Response
from interceptor.values.urls import normal_url

_MOST_DECODED = 1 << 28
"""Bytes of a body; a small cassette may claim to hold any number of them."""
_OF_THE_WIRE = frozenset({"content-length", "content-encoding", "transfer-encoding"})
_LISTS = ("interactions", "http_interactions")
_ENDINGS = (".yaml", ".yml", ".json")


class _Loader(yaml.CSafeLoader):
    """Reads the values under tags of Ruby and Python, and never makes their objects."""


def _untagged(loader: _Loader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.ScalarNode)
    if suffix == "binary":
        return loader.construct_yaml_binary(node)
    return loader.construct_scalar(node)


def _as_written(loader: _Loader, node: yaml.Node) -> Any:
    assert isinstance(node, yaml.ScalarNode)
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("!", _untagged)
_Loader.add_multi_constructor("tag:yaml.org,2002:python/", _untagged)
# Times stay the texts that they are.
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _as_written)


def read_cassettes(path: Path, damages: list[Damage]) -> Iterator[ImportedExchange]:
    """The exchanges of a cassette, or of every cassette in a folder.

    Raises:
        RecordingError: where there is no cassette.
    """
    if not path.exists():
        raise RecordingError(f"cannot read the cassettes {path}: No such file or directory", "check the path")
    files = [path]
    if path.is_dir():
        files = sorted(each for each in path.rglob("*") if each.suffix in _ENDINGS and each.is_file())
    read = 0
    for file in files:
        try:
            interactions = _interactions(file)
        except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
            damages.append(Damage(file, None, f"{file}: cannot be read: {_first_line(error)}"))
            continue
        if interactions is None:
            damages.append(Damage(file, None, f"{file}: no VCR cassette; left out", "warning"))
            continue
        read += 1
        for number, interaction in enumerate(interactions, 1):
            try:
                yield _exchange(interaction)
            except (AttributeError, LookupError, TypeError, ValueError) as error:
                damages.append(Damage(file, None, f"{file}: interaction {number} is left out: {_first_line(error)}"))
    if not read:
        said = f": {damages[-1].message}" if damages else ""
        raise RecordingError(f"{path} holds no VCR cassette{said}", "give the folder of your cassettes")


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0]


def _interactions(file: Path) -> list[Any] | None:
    content = file.read_bytes()
    try:
        document: Any = parse_json(content)
    except NotJsonError:
        document = yaml.load(content, _Loader)  # noqa: S506  # it is a safe loader
    if not isinstance(document, dict):
        return None
    found = next((document[name] for name in _LISTS if isinstance(document.get(name), list)), None)
    return found if found is None or all(isinstance(each, dict) and "request" in each for each in found) else None


def _exchange(interaction: dict[str, Any]) -> ImportedExchange:
    asked, answered = interaction["request"], interaction["response"]
    request = Request(
        str(asked["method"]).lstrip(":").upper(),
        _url(asked.get("uri") or asked["url"]),
        *_message(asked.get("headers"), asked.get("body")),
    )
    status = answered.get("status", answered.get("status_code"))
    code = int(status["code"] if isinstance(status, dict) else status)
    body = answered.get("body", answered.get("content"))
    return ImportedExchange(
        request, Response(code, *_message(answered.get("headers"), body)), _moment(interaction.get("recorded_at"))
    )


def _url(uri: str) -> str:
    parts = urlsplit(uri)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{uri} is no URL of HTTP")
    return normal_url(parts.scheme, parts.hostname, parts.port, f"{parts.path}?{parts.query}".removesuffix("?"))


def _message(headers: Any, body: Any) -> tuple[Headers, bytes]:
    """Headers and body; cassettes hold bodies as they came, or decoded beside the header that says otherwise."""
    pairs = [(str(name).lower(), value) for name, values in (headers or {}).items() for value in _listed(values)]
    content = _bytes(body)
    coding = next((value for name, value in pairs if name == "content-encoding"), "")
    if coding and content:
        with suppress(NotDecodedError):  # where it was recorded decoded
            content = decoded(content, coding, _MOST_DECODED)
    return tuple((name, value) for name, value in pairs if name not in _OF_THE_WIRE), content


def _listed(values: Any) -> list[str]:
    each = values if isinstance(values, list) else [values]
    return [value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in each]


def _bytes(body: Any) -> bytes:
    match body:
        case None:
            return b""
        case bytes():
            return body
        case str():
            return body.encode("utf-8", "surrogateescape")
        case {"base64_string": str(packed)}:
            return base64.b64decode(packed)
        case {"string": inner}:
            return _bytes(inner)
        case {"encoding": _}:
            return b""
    return _json_text(body)


def _json_text(value: Json) -> bytes:
    """Serialisers that make cassettes readable write JSON bodies as what they hold."""
    return json.dumps(value).encode()


def _moment(recorded: object) -> str:
    """`Tue, 01 Nov 2011 04:58:44 GMT` or ISO 8601 -> ISO 8601; empty where it is no time."""
    text = str(recorded or "")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return ""
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
