"""The clients of the matrix, the programs they are in, and the table of the documentation that is made of them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.clients.matrix import NODES, PACKAGES, PROGRAMS, STEPS, WHEELS, Matrix, npm_folder, run_matrix, wheels_python

DOCUMENT = Path(__file__).parents[2] / "docs" / "clients.md"
BEGINS = "| | client | `run` | `run --isolated` |\n"

_OF_NODE = {
    "http": "`http` and `https`",
    "http-keepalive": "`http` with an agent of its own",
    "http-no-agent": "`http` with `agent: false`",
    "http-own-ca": "`https` with its own `ca`",
    "fetch": "`fetch`",
    "child": "`fetch` in a child process",
    "thread": "`fetch` in a worker thread",
    "undici-agent": "undici 6 with an `Agent`",
    "undici-pool": "undici 6 `Pool`",
    "undici-7": "undici 7",
    "axios": "axios",
    "axios-no-proxy": "axios with `proxy: false`",
    "got": "got",
    "ky": "ky",
    "superagent": "superagent",
    "node-fetch": "node-fetch",
    "playwright-request": "Playwright's `APIRequestContext`",
}
_OF_NEWER_NODE = {"undici-8": "undici 8 with an `Agent`"}
_DOMS = {
    "node20": ("jsdom-16", "jsdom-26", "happy-dom-15"),
    "node22": ("jsdom-26", "jsdom-30", "happy-dom-20"),
    "node24": ("jsdom-16", "jsdom-30", "happy-dom-21"),
}
"""Which documents are tried on which Node: each of the old and the new on an old and a new one."""
_OF_PYTHON = {
    "urllib": "urllib",
    "http-client": "http.client",
    "urllib3": "urllib3",
    "requests": "requests",
    "requests-no-env": "requests with `trust_env=False`",
    "httpx": "httpx",
    "httpx-no-env": "httpx with `trust_env=False`",
    "aiohttp": "aiohttp",
    "asyncio": "asyncio's streams",
}
_OF_MORE_PYTHON = {
    "httpx-async": "httpx `AsyncClient`",
    "httpx-http2": "httpx with `http2=True`",
    "aiohttp-trust-env": "aiohttp with `trust_env=True`",
    "aiohttp-c-ares": "aiohttp with c-ares (`AsyncResolver`)",
    "aiohttp-uvloop": "aiohttp on uvloop",
    "httpx-async-no-env": "httpx `AsyncClient` with `trust_env=False`",
    "httpx-uvloop": "httpx on uvloop with `trust_env=False`",
    "asyncio-uvloop": "asyncio's streams on uvloop",
    "niquests": "niquests",
    "tornado": "tornado",
    "treq": "treq",
    "botocore": "botocore (boto3)",
    "httpie": "HTTPie",
    "reqwest": "pyreqwest (Rust's reqwest)",
    "pycurl": "pycurl",
}


@dataclass(frozen=True)
class Row:
    """A client, as it is called in the requests and in the table."""

    name: str
    program: str
    language: str
    title: str


ROWS = (
    *(Row(f"{n}-{c}", n, f"Node {n[4:]}", title) for n in NODES for c, title in _OF_NODE.items()),
    *(Row(f"{n}-{c}", n, f"Node {n[4:]}", t) for n in NODES if n != "node20" for c, t in _OF_NEWER_NODE.items()),
    *(
        Row(
            f"{node}-{dom}-{client}",
            f"{node}-dom",
            f"Node {node[4:]}",
            f"{dom.replace('-', ' ').replace('happy ', 'happy-')} `{title}`",
        )
        for node, doms in _DOMS.items()
        for dom in doms
        for client, title in (("xhr", "XMLHttpRequest"), ("fetch", "fetch"))[: 1 + dom.startswith("happy")]
    ),
    Row("deno", "deno", "Deno", "`fetch`"),
    Row("bun", "bun", "Bun", "`fetch`"),
    *(Row(f"python-{client}", "python", "Python", title) for client, title in _OF_PYTHON.items()),
    *(Row(f"python-{client}", "python-more", "Python", title) for client, title in _OF_MORE_PYTHON.items()),
    Row("java-http-client", "java", "Java", "`HttpClient`"),
    Row("java-url-connection", "java", "Java", "`HttpURLConnection`"),
    Row("curl", "curl", "others", "curl"),
    Row("wget", "wget", "others", "wget"),
    Row("perl-lwp", "perl-lwp", "Perl", "LWP"),
    Row("perl-tiny", "perl-tiny", "Perl", "HTTP::Tiny"),
    Row("php-curl", "php-curl", "PHP", "curl"),
    Row("php-streams", "php-streams", "PHP", "streams (`file_get_contents`)"),
    Row("ruby-net-http", "ruby", "Ruby", "Net::HTTP"),
    Row("ruby-open-uri", "ruby", "Ruby", "open-uri"),
    Row("go-default", "go", "Go", "`http.Client`"),
    Row("go-own-transport", "go", "Go", "`http.Client` with a transport of its own"),
    Row("mono", "mono", "Mono", "`HttpWebRequest`"),
)
NOT_BY_RUN = {"go-own-transport": "no", "php-streams": "no", "mono": "plain only"}
"""What does not arrive by `run` alone, and how far it gets; each is run isolated too."""
NOT_ISOLATED = {"mono": "plain only"}
"""The same of `run --isolated`."""


@dataclass(frozen=True)
class Measured:
    """Two runs with all clients that can be had, and what became of each client."""

    matrix: Matrix
    isolated: Matrix | None
    missing: dict[str, str]
    """Program -> why it was not run."""

    def by_run(self, row: Row) -> str:
        return outcome(self.matrix, row)

    def by_isolation(self, row: Row) -> str:
        """Empty where there was no need to try."""
        return outcome(self.isolated, row) if self.isolated and row.name in NOT_BY_RUN else ""


def outcome(matrix: Matrix, row: Row) -> str:
    """How far a client got: answered, in the journal and in the pact, for all that it asked."""
    fine = [
        scheme
        for scheme, provider in (("plain", "Plain"), ("TLS", "Secure"))
        if f"ok {row.name} {scheme}\n" in matrix.output(row.program)
        and matrix.asked.get((row.name, provider), Counter()) == STEPS
        and matrix.contracted.get((row.name, provider)) == set(STEPS)
    ]
    return {2: "yes", 1: f"{''.join(fine)} only", 0: "no"}[len(fine)]


def measure(folder: Path, *, isolation: bool) -> Measured:
    """Run all clients that this machine has."""
    ready, missing = _programs(folder)
    matrix = run_matrix(folder / "run", ready)
    again = {row.program for row in ROWS if row.name in NOT_BY_RUN}
    isolated = None
    if isolation:
        isolated = run_matrix(folder / "isolated", [each for each in ready if each[0] in again], "--isolated")
    return Measured(matrix, isolated, missing)


def table_lines(measured: Measured) -> list[str]:
    """The table of the documentation: clients of a language that fare alike are on one line, and so are versions."""
    cells: dict[tuple[str, str, str], list[str]] = {}
    for row in ROWS:
        cells.setdefault((row.language, measured.by_run(row), measured.by_isolation(row)), []).append(row.title)
    lines: dict[tuple[str, str, str], list[str]] = {}
    for (language, by_run, isolated), titles in cells.items():
        lines.setdefault((", ".join(titles), by_run, isolated), []).append(language)
    return [
        f"| {_together(languages)} | {titles} | {by_run} | {isolated} |\n"
        for (titles, by_run, isolated), languages in lines.items()
    ]


def documented() -> dict[tuple[str, str], tuple[str, str]]:
    """Language and client -> what the documentation's table says of it."""
    found = {}
    for line in DOCUMENT.read_text().partition(BEGINS)[2].partition("\n\n")[0].splitlines()[1:]:
        languages, titles, by_run, isolated = (cell.strip() for cell in line.strip("|").split("|"))
        first, *others = languages.split(", ")
        for language in (first, *(f"{first.split()[0]} {each}" if each.isdigit() else each for each in others)):
            for title in titles.split(", "):
                found[language, title] = (by_run, isolated)
    return found


def _together(languages: list[str]) -> str:
    """`Node 20`, `Node 22` -> `Node 20, 22`."""
    versions = [each.partition(" ")[2] or each for each in languages]
    return ", ".join([languages[0], *versions[1:]])


def _programs(folder: Path) -> tuple[list[list[str]], dict[str, str]]:
    """The programs that can run here, and why the others cannot."""
    ready, missing = [["python", sys.executable, str(PROGRAMS / "python_clients.py")]], {}
    python = wheels_python(*WHEELS)
    if python is None:
        missing["python-more"] = "pip gives no packages here"
    else:
        ready.append(["python-more", python, str(PROGRAMS / "python_more_clients.py")])
    _programs_of_npm(folder, ready, missing)
    for name, needed, words in (
        ("java", ["java", "--version"], ["java", str(PROGRAMS / "Client.java")]),
        ("curl", ["curl", "--version"], ["sh", str(PROGRAMS / "curl.sh"), "curl"]),
        ("wget", ["wget", "--version"], ["sh", str(PROGRAMS / "curl.sh"), "wget"]),
        ("perl-lwp", ["perl", "-MLWP::Protocol::https", "-e1"], ["perl", str(PROGRAMS / "clients.pl"), "lwp"]),
        (
            "perl-tiny",
            ["perl", "-MHTTP::Tiny", "-MIO::Socket::SSL", "-e1"],
            ["perl", str(PROGRAMS / "clients.pl"), "tiny"],
        ),
        ("php-curl", ["php", "-r", "curl_version();"], ["php", str(PROGRAMS / "clients.php"), "curl"]),
        ("php-streams", ["php", "--version"], ["php", str(PROGRAMS / "clients.php"), "streams"]),
        ("ruby", ["ruby", "--version"], ["ruby", str(PROGRAMS / "http.rb")]),
        ("go", ["go", "version"], [str(_built("go", "client.go")), "go-default", "go-own-transport"]),
        ("mono", ["mcs", "--version"], ["mono", str(_built("mono", "Client.cs"))]),
    ):
        if _works(needed):
            ready.append([name, *words])
        else:
            missing[name] = f"this machine has not got what {name} needs"
    return ready, missing


def _programs_of_npm(folder: Path, ready: list[list[str]], missing: dict[str, str]) -> None:
    modules = npm_folder(*PACKAGES, *(f"{name}@{spec}" for name, spec in NODES.items()))
    if modules is None:
        of_npm = {row.program for row in ROWS if row.language.startswith("Node ")}
        missing |= dict.fromkeys((*of_npm, "deno", "bun"), "npm gives no packages here")
        return
    installed = modules / "node_modules"
    for run in ("run", "isolated"):
        (folder / run).mkdir()
        (folder / run / "node_modules").symlink_to(installed)
        for file in (*PROGRAMS.glob("*.mjs"), *PROGRAMS.glob("*.cjs")):
            shutil.copy(file, folder / run)
    for node in NODES:
        binary = str(installed / node / "bin" / "node")
        ready.append([node, binary, "node_clients.mjs", node])
        ready.append([f"{node}-dom", binary, "dom_clients.mjs", node, *_DOMS[node]])
    deno, bun = installed / "@deno" / "linux-x64-glibc" / "deno", installed / "@oven" / "bun-linux-x64" / "bin" / "bun"
    ready.append(
        ["deno", "env", "DENO_NO_UPDATE_CHECK=1", str(deno), "run", "--allow-all", "--quiet", "fetch_alone.cjs", "deno"]
    )
    ready.append(["bun", str(bun), "fetch_alone.cjs", "bun"])


@cache
def _built(language: str, source: str) -> Path:
    """A program that is compiled first, anew where its source has changed; a path to nothing where it cannot be."""
    text = (PROGRAMS / source).read_bytes()
    folder = Path(tempfile.gettempdir()) / f"interceptor-test-{language}-{os.getuid()}"
    program = folder / f"{source}-{hashlib.sha256(text).hexdigest()[:12]}.exe"
    words = {
        "go": ["go", "build", "-o", str(program), str(PROGRAMS / source)],
        "mono": ["mcs", f"-out:{program}", str(PROGRAMS / source)],
    }[language]
    if not program.exists() and shutil.which(words[0]) is not None:
        folder.mkdir(exist_ok=True)
        environ = os.environ | {"GOCACHE": str(folder / "cache"), "GO111MODULE": "off", "GOTELEMETRY": "off"}
        subprocess.run(words, env=environ, check=True, capture_output=True)
    return program


def _works(words: list[str]) -> bool:
    try:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
