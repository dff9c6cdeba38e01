"""What a server says on a WebSocket, compiled once: messages of JSON, text and bytes, pings, and the end."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from interceptor.answering.delays import Wait, compile_delay, waited
from interceptor.answering.rendering import (
    Compiler,
    Render,
    RenderFault,
    TemplateValues,
)
from interceptor.answering.resolvers import ResolverFault
from interceptor.answering.streams import compile_items, items_of
from interceptor.answering.template import Template
from interceptor.handlers.websocket_part import LONGEST_REASON, SocketAct, SocketClose
from interceptor.project.folder import Folder
from interceptor.project.yaml_nodes import Node
from interceptor.values.decisions import ServerAct
from interceptor.values.generated import GeneratedMarks
from interceptor.values.json_text import Json

_LONGEST_PING = 125
"""Bytes of a control frame (RFC 6455, section 5.5)."""


@dataclass(frozen=True, slots=True)
class CompiledAct:
    """One act, or one for each item of a list."""

    kind: str
    node: Node
    value: Json
    render: Render | None
    folder: Folder
    items: Template | None
    wait: Wait
    code: int

    def acts(self, values: TemplateValues) -> Iterator[ServerAct]:
        """The acts with these values.

        Raises:
            RenderFault: a template fails.
        """
        for scope in self._scopes(values):
            value = self.value if self.render is None else self.render(scope, GeneratedMarks())
            try:
                yield self._act(value, waited(self.wait, scope))
            except (ValueError, TypeError, RecursionError) as error:
                raise RenderFault(self.node.at(self.kind), str(error)) from error

    def _scopes(self, values: TemplateValues) -> Iterator[TemplateValues]:
        if self.items is None:
            yield values
        else:
            yield from ({**values, "item": item} for item in items_of(self.items, self.node, values))

    def _act(self, value: Json, delay: float) -> ServerAct:
        match self.kind:
            case "json":
                return ServerAct(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False), delay)
            case "base64":
                return ServerAct(base64.b64decode("".join(str(value).split()), validate=True), delay)
            case "file":
                return ServerAct(self.folder.content(str(value)), delay)
            case "ping":
                return ServerAct(None, delay, ping=_short(str(value), _LONGEST_PING, "ping").encode())
            case "close":
                return ServerAct(None, delay, close=(self.code, _short(str(value), LONGEST_REASON, "reason")))
        return ServerAct(str(value), delay)


def _short(text: str, most: int, what: str) -> str:
    if len(text.encode()) > most:
        raise ValueError(f"the {what} is longer than {most} bytes")
    return text


def acts_of(result: Any, reference: str, node: Node, folder: Folder) -> Iterator[ServerAct]:
    """The acts that a resolver's result stands for.

    Raises:
        ResolverFault: it stands for none.
    """
    try:
        acts = [SocketAct.model_validate(each) for each in (result if isinstance(result, list) else [result])]
    except ValidationError as error:
        first = error.errors()[0]
        unknown = first.get("ctx", {}).get("unknown", [])
        what = f'unknown key "{unknown[0]}"' if unknown else first["msg"].removeprefix("Value error, ")
        raise ResolverFault(f"{reference} returned nothing that can be sent: {what}") from error
    compiler = Compiler(literal=True)
    compiled = compile_acts(acts, node, folder, compiler)
    if compiler.problems:
        raise ResolverFault(f"{reference} returned nothing that can be sent: {compiler.problems[0].message}")
    for each in compiled:
        yield from each.acts({})


def compile_acts(acts: Sequence[SocketAct], node: Node, folder: Folder, compiler: Compiler) -> list[CompiledAct]:
    """Compile acts; what is wrong with them is added to the compiler's problems."""
    single = node.kind == "mapping"
    compiled = [_compiled(each, node if single else node.at(at), folder, compiler) for at, each in enumerate(acts)]
    for before in compiled[:-1]:
        if before.kind == "close":
            compiler.problems.append(before.node.problem("nothing can be sent after the end; put close last"))
    return compiled


def compile_close(close: SocketClose, node: Node, folder: Folder, compiler: Compiler) -> CompiledAct:
    """The end of a connection, beside what is sent before."""
    render = compiler.json(close.reason, node.at("reason"), "response.body")
    return CompiledAct("close", node, close.reason, render, folder, None, 0.0, close.code)


def _compiled(act: SocketAct, node: Node, folder: Folder, compiler: Compiler) -> CompiledAct:
    items = None
    if act.for_each is not None:
        items = compile_items(act.for_each, node.at("for_each"), compiler)
        compiler = replace(compiler, known=(*compiler.known, "item"))
    wait = compile_delay(act.delay, node.at("delay"), compiler)
    if act.close is not None:
        return replace(compile_close(act.close, node.at("close"), folder, compiler), node=node, items=items, wait=wait)
    kind = act.kind
    value = getattr(act, "json_" if kind == "json" else kind)
    render = compiler.json(value, node.at(kind), "response.body")
    compiled = CompiledAct(kind, node, value, render, folder, items, wait, 1000)
    if render is None and items is None and not callable(wait):
        try:
            list(compiled.acts({}))
        except RenderFault as fault:
            compiler.problems.append(fault.node.problem(fault.message))
    return compiled
