"""Every client reaches the proxy under `interceptor run`, whatever it knows of proxies and certificates."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.clients.matrix import NODES, PACKAGES, PROGRAMS, STEPS, Matrix, npm_folder, run_matrix

pytestmark = [pytest.mark.clients, pytest.mark.slow]

OF_NODE = (
    "http",
    "http-keepalive",
    "http-no-agent",
    "http-own-ca",
    "fetch",
    "undici-agent",
    "axios",
    "axios-no-proxy",
    "got",
    "superagent",
    "node-fetch",
    "child",
    "thread",
)
OF_DOM = ("jsdom-xhr", "happy-dom-xhr", "happy-dom-fetch")
OF_PYTHON = (
    "urllib",
    "http-client",
    "urllib3",
    "requests",
    "requests-no-env",
    "httpx",
    "httpx-no-env",
    "aiohttp",
    "asyncio",
)
OF_JAVA = ("http-client", "url-connection")
CLIENTS = {
    **{f"{node}-{client}": node for node in NODES for client in OF_NODE},
    **{f"{node}-{client}": f"{node}-dom" for node in NODES for client in OF_DOM},
    **{f"python-{client}": "python" for client in OF_PYTHON},
    **{f"java-{client}": "java" for client in OF_JAVA},
    "curl": "curl",
    "wget": "wget",
    "perl-lwp": "perl",
    "php-curl": "php",
}
"""Client -> the program that it is in."""


def programs(folder: Path) -> tuple[list[list[str]], dict[str, str]]:
    """The programs that can run here, and why the others cannot."""
    ready, missing = [["python", sys.executable, str(PROGRAMS / "python_clients.py")]], {}
    modules = npm_folder(*PACKAGES, *(f"{name}@{spec}" for name, spec in NODES.items()))
    if modules is None:
        missing |= dict.fromkeys((*NODES, *(f"{node}-dom" for node in NODES)), "npm gives no packages here")
    else:
        (folder / "node_modules").symlink_to(modules / "node_modules")
        for file in (*PROGRAMS.glob("*.mjs"), *PROGRAMS.glob("*.cjs")):
            shutil.copy(file, folder)
        for node in NODES:
            binary = str(modules / "node_modules" / node / "bin" / "node")
            ready.append([node, binary, "node_clients.mjs", node])
            ready.append([f"{node}-dom", binary, "dom_clients.mjs", node])
    for name, needed, words in (
        ("java", ["java", "--version"], ["java", str(PROGRAMS / "Client.java")]),
        ("curl", ["curl", "--version"], ["sh", str(PROGRAMS / "curl.sh"), "curl"]),
        ("wget", ["wget", "--version"], ["sh", str(PROGRAMS / "curl.sh"), "wget"]),
        ("perl", ["perl", "-MLWP::Protocol::https", "-e1"], ["perl", str(PROGRAMS / "lwp.pl")]),
        ("php", ["php", "-r", "curl_version();"], ["php", str(PROGRAMS / "curl.php")]),
    ):
        if _works(needed):
            ready.append([name, *words])
        else:
            missing[name] = f"this machine has not got what {name} needs"
    return ready, missing


def _works(words: list[str]) -> bool:
    try:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def matrix(tmp_path_factory) -> tuple[Matrix, dict[str, str]]:
    folder = tmp_path_factory.mktemp("clients")
    ready, missing = programs(folder)
    return run_matrix(folder, ready), missing


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_is_answered_recorded_and_in_the_pact(matrix, client):
    seen, missing = matrix
    program = CLIENTS[client]
    if program in missing:
        pytest.skip(missing[program])
    assert f"ok {client}\n" in seen.output(program), seen.output(program)
    for provider in ("Plain", "Secure"):
        assert seen.asked.get((client, provider), Counter()) == STEPS
        assert seen.contracted[client, provider] == set(STEPS)


def test_nobody_else_was_seen_and_the_run_is_fine(matrix):
    seen, _ = matrix
    assert {client for client, _ in seen.asked} <= CLIENTS.keys()
    assert seen.exit_code == 0, seen.errors
