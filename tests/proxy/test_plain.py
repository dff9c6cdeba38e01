"""The addons in a mitmproxy that somebody else started."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path

import pytest

from .conftest import ANSWERS
from .live import PATIENCE, clean_environment, write

pytestmark = pytest.mark.slow


@contextlib.contextmanager
def mitmdump(folder, script, contents):
    """A plain mitmdump with one of the addons, and the port it will listen on."""
    write(folder, contents)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [
        str(Path(sys.executable).with_name("mitmdump")),
        *("-s", str(files("interceptor.addons") / script)),
        *("--set", "interceptor=interceptor.yaml", "--set", f"confdir={folder / 'confdir'}"),
        *("--listen-host", "127.0.0.1", "--listen-port", str(port)),
    ]
    with subprocess.Popen(
        words, cwd=folder, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process, port
        finally:
            process.kill()


def get(port, url):
    end = time.monotonic() + PATIENCE
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("GET", url)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except ConnectionRefusedError:
            assert time.monotonic() < end
            time.sleep(0.1)
        finally:
            connection.close()


def ended(process):
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=PATIENCE)
    return output


def exchanges(folder):
    (journal,) = (folder / ".interceptor" / "recordings").glob("*.jsonl")
    return [json.loads(line) for line in journal.read_text().splitlines()[1:]]


def test_handlers_answer_in_a_plain_mitmproxy(tmp_path):
    with mitmdump(tmp_path, "intercept.py", ANSWERS) as (process, port):
        assert get(port, "http://plain.example.test/products/1") == (200, b'{"id":"1"}')
        assert get(port, "http://plain.example.test/nothing")[0] == 501
        output = ended(process)
    assert "2 requests · 1 mocked · 1 unhandled" in output
    assert [each["outcome"] for each in exchanges(tmp_path)] == ["mocked", "unhandled"]


def test_recording_notes_real_answers_of_providers_alone(tmp_path, origin):
    project = f"""
consumer: Product Site
providers:
  Real API: {{url: "http://localhost:{origin.plain}/real"}}
"""
    with mitmdump(tmp_path, "record.py", {"interceptor.yaml": project}) as (process, port):
        assert get(port, f"http://127.0.0.1:{origin.plain}/not-ours")[0] == 200
        assert get(port, f"http://localhost:{origin.plain}/real/items")[0] == 200
        output = ended(process)
    assert "1 request · 0 mocked · 1 passed" in output
    (noted,) = exchanges(tmp_path)
    assert (noted["outcome"], noted["request"]["path"]) == ("passed", "/items")
    assert json.loads(noted["response"]["body"]["text"])["real"] is True


def test_a_faulty_project_stops_mitmproxy(tmp_path):
    with mitmdump(tmp_path, "intercept.py", {"interceptor.yaml": "consumr: Product Site\n"}) as (process, _):
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    assert 'interceptor.yaml:1:1: unknown key "consumr", did you mean "consumer"?' in output
