"""What users and others hand us, damaged in every way: it is read, or refused with a word, in time and in little room.

`test_fuzzing.py` damages examples by chance, in every run alike; `search.py` looks for new faults with atheris.
`corpus/TARGET/` holds inputs that were once dealt with badly; all of them are tried in the gate.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from random import Random

from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow

from interceptor.checking import check, coverage
from interceptor.conversion import convert
from interceptor.engine import load_engine
from interceptor.lint import lint
from interceptor.project.config import load_project
from interceptor.proxy.http1.reader import NotHttpError, RequestReader
from interceptor.proxy.mitm.flow_files import read_flows
from interceptor.values.errors import InterceptorError
from interceptor.values.messages import Request

HERE = Path(__file__).parent
TESTS = HERE.parent
EXAMPLE = TESTS.parent / "examples" / "product-site"
SECONDS = 1
"""For one input."""
MEGABYTES = 100
"""That one input may cost."""
PROJECT = "consumer: Site\nproviders:\n  Product API:\n    url: https://api.example.com/v1\n    openapi: openapi.yaml\n"
PACT = """\
{"consumer": {"name": "Site"}, "provider": {"name": "Product API"}, "interactions": [{"description": "a request for 10",
"providerStates": [{"name": "10 exists", "params": {"id": 1}}],
"request": {"method": "GET", "path": "/products/10", "query": {"a": ["1"]}, "headers": {"accept": "application/json"}},
"response": {"status": 200, "headers": {"content-type": "application/json"}, "body": {"id": "10", "tags": ["a"]},
"matchingRules": {"body": {"$.id": {"combine": "AND", "matchers": [{"match": "regex", "regex": "\\\\d+"}]}}}}}],
"metadata": {"pactSpecification": {"version": "3.0.0"}}}
"""
OPENAPI = """\
openapi: 3.0.3
info: {title: Products, version: "1"}
servers: [{url: "https://api.example.com/{v}", variables: {v: {default: v1}}}]
paths:
  /products/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string, pattern: "^[0-9]+$"}}]
    get:
      parameters: [{name: a, in: query, schema: {type: array, items: {type: integer}}, style: form}]
      responses:
        "200":
          headers: {x-a: {schema: {type: string}}}
          content: {application/json: {schema: {$ref: "#/components/schemas/Product"}}}
components:
  schemas:
    Product:
      allOf:
        - {type: object, required: [id], properties: {id: {type: string, format: uuid, nullable: true}}}
        - {oneOf: [{type: object, properties: {tags: {type: array, items: {$ref: "#/components/schemas/Product"}}}}]}
"""
JOURNAL = """\
{"interceptor":"journal","version":1,"run":"2026-11-21T20-46-03Z-4f2a","consumer":"Site","started":"2026-11-21T20:46:03.120Z"}
{"at":"2026-11-21T20:46:04.001Z","ms":0.4,"provider":"Product API","outcome":"mocked","handler":"h.yaml:1","entry":0,"states":[{"name":"s"}],"request":{"method":"GET","url":"https://api.example.com/v1/products/10","path":"/products/10","headers":[["accept","application/json"]],"body":null},"response":{"status":200,"headers":[["content-type","application/json"]],"body":{"text":"{\\"id\\":\\"10\\"}"}},"rules":{"response":{"$.id":{"regex":"\\\\d+"}}},"made":["response.$.id"],"masked":["request.headers.authorization"]}
{"repeats":[[0,12]]}
{"ended":{"exit_code":0}}
"""
HTTP = [
    (
        b"POST http://p.example.test/a?b=%20 HTTP/1.1\r\nhost: p.example.test\r\ntransfer-encoding: chunked\r\n\r\n"
        b"3;x=y\r\nabc\r\n0\r\nx-t: 1\r\n\r\nGET /b HTTP/1.0\r\n\r\n"
    ),
    (
        b"PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc"
        b"CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n"
    ),
]
HANDLERS = """\
provider: Product API
defaults: {headers: {x-a: "1"}}
handlers:
  - name: a product
    request: {method: POST, path: "/products/:id(\\\\d+)", query: {a: "1"}, json: {n: {$regex: "^a+$"}, m: {$gt: 1}}}
    when: call > 0 and request.json.n
    given: [{name: "product {{ params.id }} exists"}]
    response: {status: 201, headers: {x-b: "{{ now() }}"}, json: {id: "{{ params.id }}", u: "{{ uuid() }}"}}
    matching: {$.id: {regex: "\\\\d+"}}
  - {request: GET /a/*, responses: [{text: a}, {error: reset}, {sse: [{data: x}], status: 200}]}
"""


def _written(name: str, data: bytes) -> Path:
    folder = _folder()
    (folder / name).write_bytes(data)
    return folder


@cache
def _folder() -> Path:
    """A project, parts of which each input replaces; gone with the process."""
    folder = Path(_ROOM.name)
    (folder / "handlers").mkdir()
    for name, text in {
        "interceptor.yaml": PROJECT,
        "handlers/p.yaml": "",
        "pact.json": PACT,
        "openapi.yaml": OPENAPI,
    }.items():
        (folder / name).write_text(text)
    return folder


_ROOM = tempfile.TemporaryDirectory(prefix="interceptor-fuzzing-")  # it lives as long as the process


def handlers(data: bytes) -> None:
    folder = _written("handlers/p.yaml", data)
    try:
        project = load_project(folder / "interceptor.yaml")
        lint(project, [], lambda *_: None)
        engine = load_engine(project)
        for method, path, body in (("GET", "/a/b", b""), ("POST", "/products/1?a=1", b'{"n": "aa", "m": 2}')):
            url = f"https://api.example.com/v1{path}"
            engine.decide(Request(method, url, (("content-type", "application/json"),), body))
    finally:
        (folder / "handlers/p.yaml").write_text("")


def project_file(data: bytes) -> None:
    folder = _written("fuzzed.yaml", data)
    load_engine(load_project(folder / "fuzzed.yaml"))


def http(data: bytes) -> None:
    """The bytes as they come, and cut anywhere: both are read alike."""
    whole = _read_http([data])
    cut = Random(len(data)).randrange(len(data) + 1)  # the same in every run
    assert _read_http([data[:cut], data[cut:]]) == whole


def _read_http(pieces: list[bytes]) -> list[object]:
    reader, found = RequestReader(), list[object]()
    try:
        for piece in pieces:
            reader.feed(piece)
            while (message := reader.next()) is not None:
                found.append((message.method, message.target, message.body))
    except NotHttpError as error:
        found.append(error.status)
    return found


def recording(name: str) -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        folder = _written(name, data)
        project = load_project(folder / "interceptor.yaml")
        convert(project, [folder / name], read_flows=read_flows)

    return read


def pacts(data: bytes) -> None:
    folder = _written("fuzzed.json", data)
    project = load_project(folder / "interceptor.yaml")
    lint(project, [folder / "fuzzed.json"], lambda *_: None)
    coverage(check([folder / "fuzzed.json"], project), project)


def openapi(data: bytes) -> None:
    folder = _written("fuzzed.yaml", data)
    project = load_project(folder / "interceptor.yaml")
    coverage(check([folder / "pact.json"], project, openapi=str(folder / "fuzzed.yaml")), project)


def _flows() -> bytes:
    file = io.BytesIO()
    writer = FlowWriter(file)
    for each in (tflow.tflow(resp=True), tflow.ttcpflow(), tflow.twebsocketflow()):
        writer.add(each)
    return file.getvalue()


TARGETS: dict[str, tuple[Callable[[bytes], None], Callable[[], list[bytes]]]] = {
    "handlers": (handlers, lambda: [HANDLERS.encode(), *_files("handlers/*.yaml", EXAMPLE)]),
    "project": (project_file, lambda: [PROJECT.encode(), *_files("interceptor.yaml", EXAMPLE)]),
    "http": (http, lambda: HTTP),
    "journal": (recording("fuzzed.jsonl"), lambda: [JOURNAL.encode()]),
    "har": (recording("fuzzed.har"), lambda: _files("contract/cases/*/recording.har", TESTS)),
    "flows": (recording("fuzzed.flow"), lambda: [_flows()]),
    "pact": (pacts, lambda: [PACT.encode(), *_files("msw_generated_pacts/*.json", EXAMPLE)]),
    "openapi": (openapi, lambda: [OPENAPI.encode(), *_files("openapi/documents/*.yaml", TESTS)]),
}


def _files(pattern: str, folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.glob(pattern))]


def corpus(target: str) -> list[bytes]:
    """Inputs that were once dealt with badly."""
    return _files(f"corpus/{target}/*", HERE)


def tried(target: str, data: bytes) -> None:
    """Deal with an input; a refusal is fine, and anything else that is raised is a fault."""
    try:
        TARGETS[target][0](data)
    except InterceptorError as error:
        if not error.message:
            raise AssertionError("it is refused without a word") from error


WORDS = [
    *(b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\xc2\x85", b"\\ud800", b"\n", b"\r\n", b"9" * 40, b" "),
    *b"{{ }} [ ] { } : - ' \" null true 1e999 -0 &a *a !!python << $ref %00 [] {} ~ ../ .inf 2026-11-21 # ?".split(),
]
"""What parsers stumble over."""


def damaged(seed: bytes, chance: Random) -> bytes:
    """An example with some damage."""
    data = bytearray(seed)
    for _ in range(chance.choice((1, 1, 2, 4))):
        at = chance.randrange(len(data) + 1)
        to = min(len(data), at + chance.choice((0, 1, 3, 8, 40)))
        match chance.randrange(6):
            case 0:
                del data[at:]
            case 1:
                del data[at:to]
            case 2:
                data[at:to] = chance.choice(WORDS)
            case 3:
                data[at:at] = data[to : to + 40]
            case 4 if at < len(data):
                data[at] = chance.randrange(256)
            case _:
                data[at:at] = chance.choice(WORDS)
    return bytes(data)


def values_replaced(seed: bytes, chance: Random) -> bytes:
    """A JSON document, one value of which is of another type."""
    document = json.loads(seed)
    places = list(_places(document))
    owner, key = chance.choice(places)
    owner[key] = chance.choice(
        [None, True, -1, 1.5, 10**30, "", "\ud800", "$", "a\x00", [], {}, [[]], {"": None}, "\\"]
    )
    return json.dumps(document).encode()


def _places(value: object) -> Iterator[tuple[object, object]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield value, key
        yield from _places(inner)
