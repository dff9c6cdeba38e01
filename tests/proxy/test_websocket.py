"""WebSockets that handlers answer, with real clients."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import threading
import time

import aiohttp
import pytest
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK, InvalidStatus
from websockets.sync.client import connect
from websockets.sync.server import serve

from .live import PATIENCE, clean_environment, inside, write

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


def calm(proxy):
    """TLS without session tickets: with them, one opening in a hundred waits for an answer in vain.

    The request never reaches the proxy then. It was seen with `websockets` in threads, where one thread reads while
    another one writes, and with TLS 1.3 alone.
    """
    tls = proxy.tls()
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    return tls


def opened(proxy, url, *, protocols=None, headers=None, **more):
    """A WebSocket of the library `websockets`, which asks a proxy for a tunnel."""
    tls = calm(proxy) if url.startswith("wss") else None
    return connect(
        url, proxy=proxy.url, ssl=tls, subprotocols=protocols, additional_headers=headers, open_timeout=60, **more
    )


def of(exchanges, part):
    return [each for each in exchanges if each.get("websocket") == part]


def noted_until_closed(proxy):
    end = time.monotonic() + PATIENCE
    while not of(noted := proxy.noted(), "closed"):
        assert time.monotonic() < end, noted
        time.sleep(0.02)
    return noted


def close_of(proxy):
    (closed,) = of(noted_until_closed(proxy), "closed")
    return json.loads(closed["response"]["body"]["text"])


def test_a_conversation_through_a_tunnel(tmp_path):
    with chat(tmp_path) as proxy:
        with opened(proxy, f"wss{ROOM[2:]}", protocols=["chat.v1", "chat.v2"]) as socket:
            assert socket.subprotocol == "chat.v2"
            heard = [socket.recv(60) for _ in range(4)]
            socket.send('{"type": "ping", "n": 1}')
            heard.append(socket.recv(60))
            for _ in range(2):
                socket.send("join Ann")
                heard.append(socket.recv(60))
            socket.send(b"\0\1\2")
            heard += [socket.recv(60), socket.recv(60)]
            socket.send(["qui", "et"])
            socket.send('{"type": "bye"}')
            with pytest.raises(ConnectionClosedError) as end:
                socket.recv(60)
        noted = noted_until_closed(proxy)
        summary = proxy.recorder.summary
    assert (end.value.rcvd.code, end.value.rcvd.reason) == (4001, "bye blue")
    assert heard == [
        '{"type":"welcome","room":"blue"}', "tick 1", "tick 2", "tick 3", '{"type":"pong","n":2}', "hello Ann",
        "again Ann", b"\0\1\2", "bytes",
    ]  # fmt: skip
    (began,), (closed,) = of(noted, "opened"), of(noted, "closed")
    assert began["name"] == "joining blue"
    assert began["states"] == [{"name": "room blue is open"}]
    assert began["response"]["headers"] == [["x-server", "mock"]]
    assert json.loads(closed["response"]["body"]["text"]) == {"code": 4001, "reason": "bye blue", "by": "server"}
    said = [(each["request"]["body"], each["response"] and each["response"]["body"]) for each in of(noted, "message")]
    assert ({"text": "join Ann"}, {"text": "hello Ann"}) in said
    assert ({"text": "quiet"}, None) in said
    assert ({"text": "\0\1\2"}, {"text": "\0\1\2"}) in said
    assert [each["response"]["body"] for each in of(noted, "sent")][-1] == {"text": "bytes"}
    assert (summary.requests, summary.clean) == (1, True)


def test_a_client_that_asks_the_proxy_with_the_url(tmp_path):
    async def run(url):
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(ROOM, proxy=url, protocols=["chat.v2"], timeout=aiohttp.ClientWSTimeout(60)) as socket,
        ):
            await socket.send_str('{"type": "ping", "n": 1}')
            return [(await socket.receive()).data for _ in range(5)]

    with chat(tmp_path) as proxy:
        heard = asyncio.run(run(proxy.url))
        assert heard[0] == '{"type":"welcome","room":"blue"}'
        assert '{"type":"pong","n":2}' in heard
        assert close_of(proxy)["by"] == "client"


def test_a_client_at_a_direct_door(tmp_path):
    with chat(tmp_path) as proxy:
        for origin, scheme in (("http://chat.example.test:80", "ws"), ("https://chat.example.test:443", "wss")):
            tls = calm(proxy) if scheme == "wss" else None
            url = f"{scheme}://chat.example.test/v1/rooms/blue"
            sock = proxy.connect(origin)
            with connect(url, sock=sock, ssl=tls, subprotocols=["chat.v2"], open_timeout=60) as socket:
                assert socket.recv(60) == '{"type":"welcome","room":"blue"}'


def test_a_handshake_is_matched_as_a_request_is_and_may_be_refused(tmp_path):
    with chat(tmp_path) as proxy:
        url = "ws://chat.example.test/v1/closed"
        with pytest.raises(InvalidStatus) as refused:
            opened(proxy, url)
        assert (refused.value.response.status_code, refused.value.response.body) == (401, b'{"error":"who are you"}')
        with opened(proxy, url, headers={"Authorization": "Bearer x"}) as socket, pytest.raises(ConnectionClosedError):
            socket.recv(60)
        with pytest.raises(InvalidStatus) as missed:
            opened(proxy, ROOM, protocols=["chat.v1"])
        told = json.loads(missed.value.response.body)
    assert missed.value.response.status_code == 501
    differs = {each["part"]: (each["expected"], each["got"]) for near in told["nearest"] for each in near["differs"]}
    assert differs["protocol"] == ('"chat.v2"', '["chat.v1"]')
    assert differs["request"] == ("a plain request", "a WebSocket")
    assert "websocket: /rooms/blue" in told["paste"]


def test_a_message_that_nothing_matches_is_a_miss(tmp_path):
    with chat(tmp_path) as proxy:
        with opened(proxy, ROOM, protocols=["chat.v2"]) as socket:
            socket.send('{"type": "pong", "password": "hunter22"}')
            with pytest.raises(ConnectionClosedError) as end:
                list(iter(socket.recv, None))
        summary = proxy.recorder.summary
        end_noted = close_of(proxy)
        journal = proxy.journal.read_text()
    (explanation,) = summary.unhandled.counts
    assert "got a message that no handler answers" in explanation
    assert 'json $.type: expected "ping", got "pong"' in explanation
    assert "near handlers/chat.yaml:" in explanation
    assert "hunter22" not in explanation + journal
    assert (end.value.rcvd.code, end_noted["code"], summary.clean) == (1011, 1011, False)


def test_subscriptions_of_graphql(tmp_path):
    with (
        chat(tmp_path) as proxy,
        opened(proxy, "ws://chat.example.test/v1/graphql", protocols=["graphql-transport-ws"]) as socket,
    ):
        socket.send('{"type": "connection_init"}')
        assert json.loads(socket.recv(60)) == {"type": "connection_ack"}
        payload = {"query": "subscription Ticks($upto: Int) { tick(upto: $upto) }", "variables": {"upto": 3}}
        socket.send(json.dumps({"id": "s1", "type": "subscribe", "payload": payload}))
        heard = [json.loads(socket.recv(60)) for _ in range(4)]
    assert heard == [
        *({"id": "s1", "type": "next", "payload": {"data": {"tick": tick, "upto": 3}}} for tick in (1, 2, 3)),
        {"id": "s1", "type": "complete"},
    ]


def test_long_messages_arrive_and_longer_ones_close(tmp_path):
    with chat(tmp_path) as proxy:
        url = "ws://chat.example.test/v1/big"
        with opened(proxy, url) as socket:
            socket.send(["x" * 300_000, "y" * 300_000])
            assert socket.recv(60) == "600000"
            socket.send(["z" * (9 << 20)] * 2)
            with pytest.raises(ConnectionClosedError) as end:
                socket.recv(60)
    assert end.value.rcvd.code == 1009


def test_a_client_that_does_not_read_is_waited_for(tmp_path):
    count = 300
    with (
        chat(
            tmp_path, HANDLERS.replace("{text: quiet}", "{text: flood, send: {text: '{{ \"x\" * 100000 }}'}}")
        ) as proxy,
        opened(proxy, ROOM, protocols=["chat.v2"], max_queue=1) as socket,
    ):
        for _ in range(count):
            socket.send("flood")
        heard = [socket.recv(60) for _ in range(count + 4)]
    assert sum(len(each) == 100_000 for each in heard) == count


def test_what_is_open_at_the_end_is_closed_and_noted(tmp_path):
    with contextlib.ExitStack() as stack:
        with chat(tmp_path) as proxy:
            socket = stack.enter_context(opened(proxy, ROOM, protocols=["chat.v2"]))
            for _ in range(4):
                socket.recv(60)
            socket.send("slow")
            socket.ping().wait(60)
        with pytest.raises((ConnectionClosedOK, ConnectionClosedError)) as end:
            socket.recv(60)
    assert end.value.rcvd.code == 1001
    noted = [json.loads(line) for line in proxy.journal.read_text().splitlines()]
    assert close_of(proxy)["by"] == "end of the run"
    (message,) = of(noted, "message")
    assert (message["request"]["body"], message["response"]) == ({"text": "slow"}, None)


def test_what_is_no_websocket_ends_the_connection(tmp_path):
    head = (
        "GET /v1/big HTTP/1.1\r\nHost: chat.example.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: {version}\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    with chat(tmp_path) as proxy:
        with proxy.connect("http://chat.example.test:80") as connection:
            connection.sendall(head.format(version=13).encode() + b"\xff\xff\xff\xff no frames")
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        with proxy.connect("http://chat.example.test:80") as connection:
            connection.sendall(head.format(version=8).encode())
            assert connection.recv(65536).startswith(b"HTTP/1.1 426 ")
    assert answer.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
    assert b"\x88" in answer


RESOLVER = """
import asyncio

async def reply(message, params, data):
    await asyncio.sleep(0)
    match message.text:
        case "aside":
            return None
        case "broken":
            return {"sned": 1}
    return [{"json": {"heard": message.text, "room": params["room"], "ticks": data["ticks"]}}, {"text": "{{ bare }}"}]
"""
RESOLVED = """
provider: Chat API
data: {ticks: [1]}
handlers:
  - request: {websocket: /rooms/:room}
    response:
      messages:
        - {text: {$any: true}, python: chat.py:reply}
        - {text: aside, send: {text: stepped aside}}
"""


def test_a_resolver_says_what_is_sent(tmp_path):
    write(tmp_path, {"handlers/chat.py": RESOLVER})
    with chat(tmp_path, RESOLVED) as proxy:
        with opened(proxy, ROOM) as socket:
            socket.send("hi")
            assert json.loads(socket.recv(60)) == {"heard": "hi", "room": "blue", "ticks": [1]}
            assert socket.recv(60) == "{{ bare }}"
            socket.send("aside")
            assert socket.recv(60) == "stepped aside"
            socket.send("broken")
            with pytest.raises(ConnectionClosedError):
                socket.recv(60)
        assert close_of(proxy)["code"] == 1011
        (failure,) = proxy.recorder.summary.failures.counts
    assert 'chat.py:reply returned nothing that can be sent: unknown key "sned"' in failure


def test_a_handler_passes_a_websocket_on_to_a_real_server(tmp_path):
    def echo(socket):
        for message in socket:
            socket.send(f"{socket.request.path} {message}")

    with serve(echo, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        port = server.socket.getsockname()[1]
        handlers = f"""
provider: Chat API
handlers:
  - request: {{websocket: /rooms/:room}}
    response: {{passthrough: {{to: 'http://127.0.0.1:{port}/real'}}}}
"""
        with chat(tmp_path, handlers) as proxy, opened(proxy, ROOM) as socket:
            socket.send("hi")
            assert socket.recv(60) == "/real/rooms/blue hi"
            noted = proxy.noted(3)
            assert (proxy.recorder.summary.requests, len(noted)) == (1, 3)
        server.shutdown()
        thread.join()
    assert {(each["outcome"], each["handler"]) for each in noted} == {("passed", "handlers/chat.yaml:4")}
    said = [
        (each["websocket"], each["request"]["body"], each["response"] and each["response"]["body"]) for each in noted
    ]
    assert said == [
        ("opened", None, None),
        ("message", {"text": "hi"}, None),
        ("sent", None, {"text": "/real/rooms/blue hi"}),
    ]
