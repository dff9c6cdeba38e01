"""The examples in the documentation, read as the reader reads them.

A block of YAML is a handler file; a block whose first line names a path after its language is a file beside it; a
block of lines with `>`, `<` and `=` says what then happens:

    > POST /products {"name": "Desk"}      a request; more lines: headers. Bodies: JSON, a form, text, or -F as in curl
    < 201 after 20ms {"id": "12"}          the answer; more lines: headers
    < unhandled: TEXT | failed: TEXT       or what became of it otherwise, and a part of the explanation
    < passes to URL, answers BODY          or: a real server is asked, and what it answers
    < reset | truncated {"id": "12"}       or: how the connection fails
    = name: ... | given: ... | not recorded          what is noted about it
    > WEBSOCKET /chat                                the opening of a WebSocket, answered with 101
    = sends: TEXT | on TEXT: TEXT TEXT | on TEXT: close CODE REASON | on TEXT: unhandled      what is said on it
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

BASE = "https://api.example.com/v1"
CONTROL = "$INTERCEPTOR_URL/"
_BLOCK = re.compile(r"^```(\w+)(?: ([^\n]+))?\n(.*?)^```", re.DOTALL | re.MULTILINE)
_HEADER = re.compile(r"([a-z][a-z-]*): (.*)")


@dataclass
class Step:
    """One request and what is said about it."""

    method: str
    target: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    answers: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.method == "WEBSOCKET":
            self.method, self.headers = "GET", [*self.headers, ("upgrade", "websocket")]

    @property
    def url(self) -> str:
        return self.target if "://" in self.target else BASE + self.target


@dataclass
class Example:
    """A handler file of a document and what happens with it."""

    name: str
    handlers: str
    files: dict[str, str]
    steps: list[Step] = field(default_factory=list)


def blocks(document: Path) -> Iterator[tuple[str, str, str]]:
    """Language, path (or nothing) and content of every block."""
    yield from _BLOCK.findall(document.read_text(encoding="utf-8"))


def examples(document: Path) -> list[Example]:
    files = {path: content for _, path, content in blocks(document) if path}
    found: list[Example] = []
    for language, path, content in blocks(document):
        if language == "yaml" and not re.search("^consumer:", content, re.MULTILINE):
            found.append(Example(f"{document.stem}-{len(found)}", content, files))
        elif language == "text" and not path and content.startswith(">"):
            found[-1].steps += steps(content)
    return found


def steps(text: str) -> list[Step]:
    found: list[Step] = []
    for line in text.splitlines():
        mark, _, rest = line.partition(" ")
        header = _HEADER.fullmatch(rest)
        if mark == "<":
            found[-1].answers.append(rest)
        elif mark == "=":
            found[-1].notes.append(rest)
        elif mark == ">" and header:
            found[-1].headers.append((header[1], header[2]))
        elif mark == ">":
            found.append(_request(rest))
        else:
            raise ValueError(f"not a line of an example: {line}")
    return found


def _request(text: str) -> Step:
    method, target, *rest = text.split(" ", 2)
    body = rest[0] if rest else ""
    if body.startswith(("{", "[")):
        return Step(method, target, [("content-type", "application/json")], body.encode())
    if body.startswith("-F "):
        return Step(method, target, [("content-type", "multipart/form-data; boundary=b")], _multipart(body))
    if re.match(r"\w+=", body):
        return Step(method, target, [("content-type", "application/x-www-form-urlencoded")], body.encode())
    return Step(method, target, [("content-type", "text/plain")] if body else [], body.encode())


def _multipart(options: str) -> bytes:
    parts = ""
    for option in shlex.split(options):
        name, _, value = option.partition("=")
        if option == "-F":
            continue
        head = f'Content-Disposition: form-data; name="{name}"'
        if value.startswith("@"):
            head += f'; filename="{value[1:]}"\r\nContent-Type: image/{value.rpartition(".")[2]}'
        parts += f"--b\r\n{head}\r\n\r\n{value}\r\n"
    return f"{parts}--b--\r\n".encode()


def table(document: Path, heading: str) -> list[list[str]]:
    """The rows of the table below a heading, without the code marks of their cells."""
    text = document.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[_cell(each) for each in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def _cell(text: str) -> str:
    return text.strip().strip("`").replace("\\|", "|")


def params(text: str) -> dict[str, str | None] | None:
    """`"id: 10, rest: null"` -> `{"id": "10", "rest": None}`; "none" -> `{}`, "no match" -> None."""
    if text in {"none", "no match"}:
        return {} if text == "none" else None
    pairs = (each.partition(": ") for each in text.split(", "))
    return {name: {"null": None, '""': ""}.get(value, value) for name, _, value in pairs}


def same_body(said: str, body: bytes) -> bool:
    """Whether a body is what an example says: JSON as JSON, text in quotes where it has several lines."""
    text = body.decode()
    if said.startswith('"') and not text.startswith('"'):
        return bool(json.loads(said) == text)
    try:
        return bool(json.loads(said) == json.loads(text))
    except ValueError:
        return said == unquote(text) or said == text
