"""What is said on a WebSocket, as models: they declare, they do nothing."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from interceptor.handlers.delay_part import Delay
from interceptor.handlers.request_part import BinaryPart, GraphQLPart
from interceptor.project.models import StrictModel

SENT = ("json", "text", "base64", "file", "ping", "close")
"""What an act of the server may be."""
MATCHED = ("json", "text", "binary", "graphql")
"""By what a message may be matched."""
LONGEST_REASON = 123
"""Bytes: a control frame holds 125, two of which are the code (RFC 6455, section 5.5)."""


def _sendable(code: int) -> int:
    if code in {1004, 1005, 1006} or not (1000 <= code <= 1014 or 3000 <= code <= 4999):
        raise ValueError(
            f"{code} is never sent; write 1000 to 1003, 1007 to 1014, or one of your own from 3000 to 4999"
        )
    return code


def _short(reason: str) -> str:
    if "{{" not in reason and len(reason.encode()) > LONGEST_REASON:
        raise ValueError(f"the reason is longer than {LONGEST_REASON} bytes")
    return reason


def _code(value: Any) -> Any:
    """`close: 1000` for `close: {code: 1000}`."""
    return {"code": value} if isinstance(value, int) and not isinstance(value, bool) else value


class SocketClose(StrictModel):
    """How the server closes a WebSocket."""

    code: Annotated[int, AfterValidator(_sendable)] = 1000
    """Why: 1000 is a normal end, 1011 a fault of the server, 4000 to 4999 are the application's own."""
    reason: Annotated[str, AfterValidator(_short)] = ""
    """Why, as text of at most 123 bytes."""


Close: TypeAlias = Annotated[SocketClose, BeforeValidator(_code)]
"""A code alone, or with a reason."""


class SocketAct(StrictModel):
    """One thing that the server does on a WebSocket: a message, a ping, or the end."""

    json_: Annotated[Any, Field(alias="json", examples=[{"type": "pong"}])] = None
    """A message of JSON."""
    text: str | None = None
    """A message of text."""
    base64: str | None = None
    """A binary message, in base64."""
    file: str | None = None
    """A binary message, from a file relative to this one."""
    ping: str | None = None
    """A ping with this text; clients answer it themselves."""
    close: Close | None = None
    """The end of the connection."""
    delay: Delay | None = None
    """How long to wait before this."""
    for_each: Annotated[str | None, Field(examples=["data.ticks"])] = None
    """An expression, without braces, that gives a list: this for each `item` of it."""

    @property
    def kind(self) -> str:
        """Which of the keys says what is done."""
        return next(key for key in SENT if ("json_" if key == "json" else key) in self.model_fields_set)

    @model_validator(mode="after")
    def _one_act(self) -> SocketAct:
        given = [key for key in SENT if ("json_" if key == "json" else key) in self.model_fields_set]
        if len(given) != 1:
            raise ValueError(f"a message has exactly one of {', '.join(SENT)}")
        return self


def _listed(value: Any) -> Any:
    """One message may be written without a list."""
    return [value] if isinstance(value, dict) else value


Acts: TypeAlias = Annotated[list[SocketAct], BeforeValidator(_listed)]


class MessageRule(StrictModel):
    """A message that a client may send, and what the server does then."""

    json_: Annotated[Any, Field(alias="json", examples=[{"type": "ping"}])] = None
    """A text message of JSON: a deep subset, as of a request."""
    text: Annotated[Any, Field(examples=["hello", {"$regex": "^join (?P<who>\\w+)"}])] = None
    """A text message, or a matcher of it; the groups of a `$regex` are `match` in templates."""
    binary: BinaryPart | None = None
    """A binary message."""
    graphql: GraphQLPart | None = None
    """A GraphQL operation of graphql-transport-ws; what is sent are its results."""
    name: Annotated[str | None, Field(examples=["a ping"])] = None
    """What the journal calls it."""
    send: Acts = []
    """What the server sends, in order; nothing if it is absent."""
    close: Close | None = None
    """How the server closes the connection then."""
    python: Annotated[str | None, Field(pattern=r"^[^:]+\.py:[A-Za-z_]\w*$", examples=["mocks/chat.py:reply"])] = None
    """A function `reply(message, params, data)` that returns what is sent, one act or a list, or None (step aside)."""
    once: bool = False
    """Step aside when it has answered once on this connection."""

    @model_validator(mode="after")
    def _one_matcher(self) -> MessageRule:
        given = [key for key in MATCHED if ("json_" if key == "json" else key) in self.model_fields_set]
        if len(given) > 1:
            raise ValueError(f"a message is matched by one of {', '.join(MATCHED)}; {' and '.join(given)} are given")
        if self.python is not None and (self.send or self.close):
            raise ValueError("python says what is sent, the end included; leave send and close out")
        return self
