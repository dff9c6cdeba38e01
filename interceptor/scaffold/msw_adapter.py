"""The options of @pactflow/pact-msw-adapter, from the call in a test setup: `setupPactMswAdapter({server, options})`.

Only literals are read, and nothing is run: what a setup computes is named, so that a person can write it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from interceptor.project.yaml_text import as_yaml
from interceptor.scaffold.schema import SCHEMA_DIR
from interceptor.values.errors import UsageError
from interceptor.values.json_text import Json
from interceptor.values.variables import STATE_DIR

_CALL = "setupPactMswAdapter"
_BLANK = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_STRING = re.compile(r"'((?:[^'\\\n]|\\.)*)'|\"((?:[^\"\\\n]|\\.)*)\"|`((?:[^`\\$]|\\.|\$(?!\{))*)`", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_NUMBER = re.compile(r"-?\d[\d_]*(?:\.\d+)?")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\n": ""}
_WORDS = {"true": True, "false": False, "null": None, "undefined": None}
_OPENING, _CLOSING = "([{", ")]}"
_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class _Computed:
    """An expression that is no literal."""

    source: str


class _Reader:
    """Literals of JavaScript, read from a text one after the other."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self._at = at

    def value(self) -> Any:
        """The literal that begins here; an expression that goes on after it, or is none, is computed."""
        self._skip()
        begin = self._at
        found = self._literal()
        self._skip()
        if self._text.startswith(("as const", "satisfies "), self._at):
            self._expression()
        if self._at < len(self._text) and self._text[self._at] not in ",)]}":
            self._at = begin
            return _Computed(self._expression())
        return found

    def _literal(self) -> Any:
        char = self._text[self._at : self._at + 1]
        if char == "{":
            return self._members()
        if char == "[":
            return self._items()
        if match := _STRING.match(self._text, self._at):
            self._at = match.end()
            said = next(group for group in match.groups() if group is not None)
            return _ESCAPE.sub(lambda escape: _ESCAPED.get(escape[1], escape[1]), said)
        if match := _NUMBER.match(self._text, self._at):
            self._at = match.end()
            return float(match[0].replace("_", ""))
        if (match := _WORD.match(self._text, self._at)) and match[0] in _WORDS:
            self._at = match.end()
            return _WORDS[match[0]]
        return _Computed(self._expression())

    def _items(self) -> list[Any]:
        items: list[Any] = []
        self._at += 1
        while not self._ends("]"):
            items.append(self.value())
            self._comma()
        return items

    def _members(self) -> dict[str, Any]:
        members: dict[str, Any] = {}
        self._at += 1
        while not self._ends("}"):
            begin = self._at
            key = self._key()
            self._skip()
            if key is not None and self._text.startswith(":", self._at):
                self._at += 1
                members[key] = self.value()
            else:  # a shorthand, a spread, a method, a key that is computed
                self._at = begin
                source = self._expression()
                members[key or source] = _Computed(source)
            self._comma()
        return members

    def _key(self) -> str | None:
        """`name`, `'a name'`, `['a name']`; None for what is computed."""
        bracket = self._text.startswith("[", self._at)
        if bracket:
            self._at += 1
            self._skip()
        match = _STRING.match(self._text, self._at) or (None if bracket else _WORD.match(self._text, self._at))
        if match is None:
            return None
        self._at = match.end()
        if bracket:
            self._skip()
            if not self._text.startswith("]", self._at):
                return None
            self._at += 1
        return next((group for group in match.groups() if group is not None), match[0])

    def _ends(self, closing: str) -> bool:
        self._skip()
        if self._at >= len(self._text):
            return True
        char = self._text[self._at]
        self._at += char == closing
        return char in _CLOSING  # one of another kind: the text is no JavaScript, and what was read so far counts

    def _comma(self) -> None:
        self._skip()
        if self._text.startswith(",", self._at):
            self._at += 1
        elif self._at < len(self._text) and self._text[self._at] not in _CLOSING:
            self._expression()

    def _expression(self) -> str:
        """Whatever comes up to the next comma or closing bracket of this level."""
        begin, depth = self._at, 0
        while self._at < len(self._text):
            if match := _STRING.match(self._text, self._at):
                self._at = match.end()
                continue
            char = self._text[self._at]
            if char in _OPENING:
                depth += 1
            elif depth == 0 and char in f",{_CLOSING}":
                break
            elif char in _CLOSING:
                depth -= 1
            self._at += 1
        return " ".join(self._text[begin : self._at].split())

    def _skip(self) -> None:
        match = _BLANK.match(self._text, self._at)
        self._at = self._at if match is None else match.end()


@dataclass(slots=True)
class AdapterProject:
    """What the options come to here."""

    settings: dict[str, Json]
    """The project file's."""
    notes: list[str] = field(default_factory=list)
    """What is left to a person."""

    def text(self) -> bytes:
        """The project file."""
        schema = f"# yaml-language-server: $schema={STATE_DIR}/{SCHEMA_DIR}/project.json\n"
        return f"{schema}{as_yaml(self.settings)}\n".encode()


def import_adapter(file: Path, consumer: Callable[[], str], urls: dict[str, str]) -> AdapterProject:
    """The project that stands for a call of the adapter.

    Args:
        file: where it is.
        consumer: the name to use where the options have none.
        urls: base URLs of providers that the options know by parts of URLs only.

    Raises:
        UsageError: for a file that cannot be read or has no such call, and providers whose URL nobody says.
    """
    options, notes = _options(file), list[str]()
    adapter = AdapterProject({"consumer": _text(options, "consumer", notes) or consumer()}, notes)
    adapter.settings["providers"] = _providers(options.get("providers"), file, urls)
    adapter.settings["handlers"] = []
    for option, key in (("includeUrl", "include"), ("excludeUrl", "exclude")):
        if globs := [text if _GLOB.search(text) else f"*{text}*" for text in _texts(options, option, notes)]:
            adapter.settings[key] = list(globs)
    folder = (_text(options, "pactOutDir", notes) or "").removeprefix("./").rstrip("/")
    if folder.startswith(("/", "..")):
        notes.append(f"pactOutDir {folder} is outside of this folder: pacts go to msw_generated_pacts")
    elif folder:
        adapter.settings["pact"] = {"dir": folder}
    if headers := _texts(options, "excludeHeaders", notes):
        notes.append(f"excludeHeaders ({', '.join(headers)}) is not needed: a pact holds few headers, see pact.headers")
    notes += [f"{each} is not needed here" for each in ("timeout", "debug", "logger") if each in options]
    return adapter


def _options(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}", "check the path") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is no text in UTF-8", "name the file that calls setupPactMswAdapter") from error
    call = re.search(rf"\b{_CALL}\s*\(", text)
    if call is None:
        raise UsageError(f"{file} does not call {_CALL}", "name the file that does")
    try:
        said = _Reader(text, call.end()).value()
    except RecursionError as error:
        raise UsageError(f"{file} is nested too deeply", "write interceptor.yaml by hand") from error
    options = said.get("options") if isinstance(said, dict) else None
    if not isinstance(options, dict):
        line = text.count("\n", 0, call.start()) + 1
        raise UsageError(f"{file}:{line}: the options are no object literal", f"write them in the call of {_CALL}")
    return options


def _text(options: dict[str, Any], key: str, notes: list[str]) -> str | None:
    value = options.get(key)
    if isinstance(value, _Computed):
        notes.append(f"{key} is computed ({value.source}): write it in interceptor.yaml")
    return value if isinstance(value, str) else None


def _texts(options: dict[str, Any], key: str, notes: list[str]) -> list[str]:
    value = options.get(key)
    if isinstance(value, _Computed):
        notes.append(f"{key} is computed ({value.source}): write it in interceptor.yaml")
    items = value if isinstance(value, list) else []
    notes += [
        f"{key} has a part that is computed ({item.source}): write it in interceptor.yaml"
        for item in items
        if isinstance(item, _Computed)
    ]
    return [item for item in items if isinstance(item, str)]


def _providers(said: Any, file: Path, urls: dict[str, str]) -> dict[str, Json]:
    """By name, the origins that the texts name; a part of a path says nothing about where a provider is."""
    found: dict[str, list[str]] = {}
    if isinstance(said, dict):
        for name, texts in said.items():
            parts = [text for text in (texts if isinstance(texts, list) else [texts]) if isinstance(text, str)]
            found[name] = list(dict.fromkeys(origin for text in parts for origin in _origins(text)))
    found |= {name: [url] for name, url in urls.items()}
    unknown = [name for name, origins in found.items() if not origins]
    if unknown or not found:
        names = [f'--provider "{name}=https://..."' for name in unknown or ["NAME"]]
        what = f"of {', '.join(unknown)}" if unknown else "of its providers"
        raise UsageError(f"{file} does not say the base URL {what}", f"add it: {' '.join(names)}")
    return {name: {"url": origins[0] if len(origins) == 1 else list(origins)} for name, origins in found.items()}


def _origins(text: str) -> list[str]:
    """`http://localhost:8081/products` -> `["http://localhost:8081"]`; a host alone is that of both schemes."""
    if text.startswith(("http://", "https://")):
        parts = urlsplit(text)
        return [f"{parts.scheme}://{parts.netloc}"] if parts.netloc else []
    host = text.partition("/")[0]
    if re.fullmatch(r"localhost(:\d+)?|[\w-]+(\.[\w-]+)+(:\d+)?|[\w-]+:\d+", host):
        return [f"https://{host}", f"http://{host}"]
    return []
