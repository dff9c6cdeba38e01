"""WebSockets that handlers answer, with real clients."""

from __future__ import annotations

import asyncio
import contextlib
import json

import aiohttp
import pytest

from .live import clean_environment, inside, write

PROJECT = """
consumer: Chat Client
providers:
  Chat API: {url: [https://chat.example.test/v1, http://chat.example.test/v1]}
"""
HANDLERS = r"""
provider: Chat API
data: {ticks: [1, 2, 3]}
handlers:
  - request: GET /rooms/:room
    response: {json: {plain: true}}
  - request: {websocket: /rooms/:room, protocol: chat.v2}
    name: joining {{ params.room }}
    given: room {{ params.room }} is open
    response:
      headers: {x-server: mock}
      open:
        - json: {type: welcome, room: "{{ params.room }}"}
        - {for_each: data.ticks, text: "tick {{ item }}", delay: 1ms}
        - {ping: are you there}
      messages:
        - {json: {type: ping}, send: {json: {type: pong, n: "{{ message.json.n + 1 }}"}}}
        - {text: {$regex: '^join (?P<who>\w+)'}, send: {text: 'hello {{ match.who }}'}, once: true}
        - {text: {$regex: '^join (?P<who>\w+)'}, send: {text: 'again {{ match.who }}'}}
        - {binary: {starts_with: {hex: "00 01"}}, send: [{base64: AAEC}, {text: bytes}]}
        - {text: slow, send: {text: late, delay: 10s}}
        - {text: quiet}
        - {json: {type: bye}, close: {code: 4001, reason: "bye {{ params.room }}"}}
  - request: {websocket: /closed, headers: {authorization: {$regex: ^Bearer}}}
    response: {open: {close: 1013}}
  - request: {websocket: /closed}
    response: {status: 401, json: {error: who are you}}
  - request: {websocket: /graphql, protocol: graphql-transport-ws}
    response:
      messages:
        - graphql: {subscription: Ticks, variables: {upto: {$gt: 1}}}
          send: {for_each: data.ticks, json: {data: {tick: "{{ item }}", upto: "{{ variables.upto }}"}}}
  - request: {websocket: /big}
    response: {messages: [{text: {$length: {$gt: 1000}}, send: {text: "{{ message.text | length }}"}}]}
"""
ROOM = "ws://chat.example.test/v1/rooms/blue"


@contextlib.contextmanager
def chat(tmp_path, handlers=HANDLERS):
    files = {"interceptor.yaml": PROJECT, "handlers/chat.yaml": handlers}
    with inside(write(tmp_path, files), clean_environment()) as proxy:
        yield proxy


def talk(proxy, url, conversation, *, protocols=("chat.v1", "chat.v2"), headers=None):
    """Have a conversation as aiohttp's client; by CONNECT where the URL is one of TLS, else in the absolute form."""

    async def run():
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(
                url, proxy=proxy.url, ssl=proxy.tls(), protocols=protocols, headers=headers or {}
            ) as socket,
        ):
            return await asyncio.wait_for(conversation(socket), 60)

    return asyncio.run(run())


def of(exchanges, part):
    return [each for each in exchanges if each.get("websocket") == part]


async def _welcome(socket):
    return [(await socket.receive()).data for _ in range(4)]


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_a_conversation(tmp_path, scheme):
    async def conversation(socket):
        assert socket.protocol == "chat.v2"
        heard = await _welcome(socket)
        await socket.send_str('{"type": "ping", "n": 1}')
        heard.append((await socket.receive()).data)
        for _ in range(2):
            await socket.send_str("join Ann")
            heard.append((await socket.receive()).data)
        await socket.send_bytes(b"\0\1\2")
        heard += [(await socket.receive()).data for _ in range(2)]
        await socket.send_str("quiet")
        await socket.send_str('{"type": "bye"}')
        end = await socket.receive()
        assert (end.type, socket.close_code, end.extra) == (aiohttp.WSMsgType.CLOSE, 4001, "bye blue")
        return heard

    with chat(tmp_path) as proxy:
        heard = talk(proxy, f"{scheme}://chat.example.test/v1/rooms/blue", conversation)
        noted = proxy.noted(13)
        summary = proxy.recorder.summary
    assert heard == [
        '{"type":"welcome","room":"blue"}', "tick 1", "tick 2", "tick 3", '{"type":"pong","n":2}', "hello Ann",
        "again Ann", b"\0\1\2", "bytes",
    ]  # fmt: skip
    (opened,), (closed,) = of(noted, "opened"), of(noted, "closed")
    assert opened["name"] == "joining blue"
    assert opened["states"] == [{"name": "room blue is open"}]
    assert opened["response"]["headers"] == [["x-server", "mock"]]
    assert json.loads(closed["response"]["body"]["text"]) == {"code": 4001, "reason": "bye blue", "by": "server"}
    said = [(each["request"]["body"], each["response"] and each["response"]["body"]) for each in of(noted, "message")]
    assert ({"text": "join Ann"}, {"text": "hello Ann"}) in said
    assert ({"text": "quiet"}, None) in said
    assert ({"base64": "AAEC"} if False else {"text": "\0\1\2"}, {"text": "\0\1\2"}) in said
    assert [each["response"]["body"] for each in of(noted, "sent")][-1] == {"text": "bytes"}
    assert (summary.requests, summary.clean) == (1, True)
