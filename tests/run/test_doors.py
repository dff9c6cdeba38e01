from __future__ import annotations

import socket

import pytest

from interceptor.project.config import Provider
from interceptor.run.listeners import open_listeners
from interceptor.values.errors import UsageError
from interceptor.values.origins import Origin


@pytest.fixture
def taken():
    """A loopback port that another program holds."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def provider(**keys):
    return Provider(url=["https://api.example.com/v1", "https://second.example.com"], **keys)


def test_connections_wait_until_somebody_answers():
    with open_listeners({}) as doors, socket.create_connection(("127.0.0.1", doors.port), timeout=5) as early:
        early.sendall(b"early")
        late, _ = doors.proxy.accept()
        with late:
            assert late.recv(5) == b"early"


def test_a_provider_gets_an_address_when_it_asks_for_one():
    providers = {"Listens": provider(env="API_URL"), "Does not": provider()}
    with open_listeners(providers) as doors:
        (listener,) = doors.listeners
        assert (listener.provider, listener.origin) == ("Listens", "https://api.example.com")
        assert listener.base_url == f"http://localhost:{listener.port}/v1"
        assert {each.getsockname()[1] for each in listener.sockets} == {listener.port}


def test_everything_is_closed_at_the_end():
    with open_listeners({"API": provider(env="API_URL")}) as doors:
        sockets = [doors.proxy, *doors.listeners[0].sockets]
    assert [each.fileno() for each in sockets] == [-1] * len(sockets)


def test_nothing_but_loopback_is_bound():
    with open_listeners({"API": provider(env="API_URL")}) as doors:
        hosts = {each.getsockname()[0] for each in (doors.proxy, *doors.listeners[0].sockets)}
    assert hosts <= {"127.0.0.1", "::1"}


def test_a_port_can_be_used_again_at_once():
    with open_listeners({}) as doors:
        port = doors.port
    with open_listeners({}, port) as doors:
        assert doors.port == port


def test_a_taken_port_is_named_with_what_to_do(taken):
    with (
        pytest.raises(UsageError, match=f"port {taken}: another program already does") as caught,
        open_listeners({}, taken),
    ):
        pass
    assert "--port" in caught.value.hint


def test_a_taken_port_of_a_provider_is_named_with_the_provider(taken):
    with pytest.raises(UsageError) as caught, open_listeners({"Product API": provider(listen=taken)}):
        pass
    assert '"Product API"' in caught.value.hint


def test_each_owned_origin_has_a_door():
    origins = [
        Origin.parse(url) for url in ("https://api.example.com", "http://[::1]:8080", "https://other.example.com")
    ]
    with open_listeners({"API": provider(env="API_URL")}, origins=origins) as listeners:
        (published,) = listeners.published
        doors = listeners.doors
        assert doors["https://api.example.com:443"] == published.port
        assert list(doors) == ["https://api.example.com:443", "http://[::1]:8080", "https://other.example.com:443"]
        assert len({*doors.values(), listeners.port}) == 4
        for port in doors.values():
            socket.create_connection(("127.0.0.1", port), timeout=5).close()


def test_a_pattern_of_origins_has_no_door():
    wildcard = Provider(url=["https://*.example.com"], env="API_URL")
    with open_listeners({"API": wildcard}) as listeners:
        assert (len(listeners.published), listeners.doors) == (1, {})
