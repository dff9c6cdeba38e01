"""Calls that follow a response, compiled: what is sent, and when, depends on the request and the response."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from interceptor.answering.delays import Wait, compile_delay, waited
from interceptor.answering.rendering import Compiler, Render, RenderFault, TemplateValues
from interceptor.handlers.provider_calls import Call
from interceptor.project.yaml_nodes import Node
from interceptor.values.decisions import ProviderCall
from interceptor.values.generated import GeneratedMarks
from interceptor.values.media_types import JSON_MEDIA_TYPE
from interceptor.values.messages import Request

_URL = re.compile(r"https?://[^\s/?#@\\]+(?:[/?][!-~]*)?\Z")
_BREAKS_HEADER = re.compile(r"[\r\n\0]")


@dataclass(frozen=True, slots=True)
class CompiledCall:
    """One call of a handler."""

    model: Call
    node: Node
    url: str | Render
    headers: Sequence[tuple[str, str | Render]]
    json: Render | None
    text: str | Render | None
    wait: Wait

    def of(self, values: TemplateValues) -> ProviderCall:
        """What is sent after a response.

        Raises:
            RenderFault: a template fails, or gives what cannot be sent.
        """
        url = _given(self.url, values).partition("#")[0]
        if not _URL.match(url):
            raise RenderFault(self.node.at("url"), f'"{url}" is not a URL to call')
        body, kind = self._body(values)
        headers = {} if kind is None else {"content-type": kind}
        headers |= {name.lower(): _given(value, values) for name, value in self.headers}
        if (sign := self.model.sign) is not None:
            digest = hmac.digest(sign.key, body, sign.hmac)
            written = digest.hex() if sign.encoding == "hex" else base64.b64encode(digest).decode()
            headers[sign.header.lower()] = f"{sign.prefix}{written}"
        for name, value in headers.items():
            if _BREAKS_HEADER.search(value):
                raise RenderFault(self.node.at("headers", name), f'the value of "{name}" holds a line break')
        return ProviderCall(Request(self.model.method, url, tuple(headers.items()), body), waited(self.wait, values))

    def _body(self, values: TemplateValues) -> tuple[bytes, str | None]:
        if "json_" in self.model.model_fields_set:
            value = self.model.json_ if self.json is None else self.json(values, GeneratedMarks())
            return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), JSON_MEDIA_TYPE
        if self.text is not None:
            return _given(self.text, values).encode(), "text/plain"
        return b"", None


def compile_call(call: Call, node: Node, compiler: Compiler) -> CompiledCall:
    """Compile a call; what is wrong with it is added to the compiler's problems."""
    headers = node.at("headers")
    return CompiledCall(
        call,
        node,
        compiler.text(call.url, node.at("url"), "call.url"),
        [(name, compiler.text(value, headers.at(name), "call.headers")) for name, value in call.headers.items()],
        compiler.json(call.json_, node.at("json"), "call.json"),
        None if call.text is None else compiler.text(call.text, node.at("text"), "call.text"),
        compile_delay(call.delay, node.at("delay"), compiler),
    )


def _given(value: str | Render, values: TemplateValues) -> str:
    return value if isinstance(value, str) else str(value(values, GeneratedMarks()))
