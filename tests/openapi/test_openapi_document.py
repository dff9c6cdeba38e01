"""The reader: JSON and YAML, several files, addresses, and clear words about what cannot be read."""

from __future__ import annotations

import json
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from interceptor.openapi.document import open_document
from interceptor.values.errors import DocumentError
from interceptor.values.nesting import DEEPEST, TOO_DEEP

SMALL = "openapi: 3.0.3\ninfo: {title: A, version: '1'}\npaths: {}\n"


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("2024-01-01", "2024-01-01"),
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("12", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.5e3", 1500.0),
        ("1e999", "1e999"),
        (".inf", ".inf"),
        ("'12'", "12"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(tmp_path, scalar, value):
    (tmp_path / "a.yaml").write_text(f"{SMALL}x-value: {scalar}\n")

    read = open_document("a.yaml", tmp_path).root.raw("x-value").value

    assert (type(read), read) == (type(value), value)


def test_keys_are_text_and_anchors_merge(tmp_path):
    (tmp_path / "a.yaml").write_text(f"{SMALL}x: &base\n  200: a\n  on: b\ny:\n  <<: *base\n  on: c\n")

    root = open_document("a.yaml", tmp_path).root

    assert root.raw("x").value == {"200": "a", "on": "b"}
    assert root.raw("y").value == {"200": "a", "on": "c"}


@pytest.mark.parametrize(
    "text", ['{"swagger": "2.0", "paths": {}}', "{swagger: '2.0', paths: {}}", "\ufeffswagger: '2.0'\npaths: {}"]
)
def test_json_and_yaml_of_any_style(tmp_path, text):
    (tmp_path / "a").write_text(text, encoding="utf-8")

    assert open_document("a", tmp_path).version == "2.0"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("openapi: 3.2.0\npaths: {}", 'a.yaml says "openapi: 3.2.0", which is not supported'),
        ("swagger: '1.2'\npaths: {}", 'a.yaml says "swagger: 1.2", which is not supported'),
        ("asyncapi: 2.0.0", 'a.yaml is not an OpenAPI document: it has neither "openapi" nor "swagger"'),
        ("- a", 'a.yaml is not an OpenAPI document: it has neither "openapi" nor "swagger"'),
        ("openapi: 3.0.0\n", 'a.yaml is broken: its "paths" are missing, or no mapping'),
        ("openapi: [\n", "a.yaml:2:1 is neither JSON nor YAML: did not find expected node content"),
        ('{"openapi": "3.0.0",', "a.yaml:2:1 is neither JSON nor YAML: did not find expected node content"),
        ("openapi: !!python/none x\n", "a.yaml:1:10 is neither JSON nor YAML"),
    ],
)
def test_what_is_no_document_is_named(tmp_path, text, said):
    (tmp_path / "a.yaml").write_text(text)

    with pytest.raises(DocumentError) as refused:
        open_document("a.yaml", tmp_path)

    assert refused.value.message.startswith(said)
    assert refused.value.hint
    assert refused.value.exit_code == 2


def test_a_missing_document_is_named(tmp_path):
    with pytest.raises(DocumentError, match=r"cannot read the OpenAPI document gone\.yaml: No such file or directory"):
        open_document("gone.yaml", tmp_path)


def test_references_lead_through_files_and_in_circles(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "a.yaml").write_text(f"{SMALL}a: {{$ref: 'parts/b.yaml#/b~1c'}}\nloop: {{$ref: '#/loop'}}\n")
    (tmp_path / "parts" / "b.yaml").write_text("b/c: {$ref: '#/d'}\nd: {$ref: ../c.json}\n")
    (tmp_path / "c.json").write_text('{"found": true, "back": {"$ref": "a.yaml#/a"}}')
    document = open_document("a.yaml", tmp_path)

    found = document.root.get("a")

    assert str(found.raw("found").place) == "c.json#/found"
    assert found.get("back").value == found.value
    assert document.root.get("loop").value is None
    assert [str(place) for place in document.broken] == ["a.yaml#/loop/$ref"]


def test_broken_references_are_found_wherever_they_stand_but_in_examples(tmp_path):
    (tmp_path / "a.yaml").write_text(
        f"{SMALL}components:\n  schemas:\n    example: {{$ref: '#/no'}}\n"
        "    b: {example: {$ref: '#/data'}, not: {$ref: gone.yaml}}\n"
    )

    assert {str(place): said for place, said in open_document("a.yaml", tmp_path).all_broken().items()} == {
        "a.yaml#/components/schemas/example/$ref": "#/no",
        "a.yaml#/components/schemas/b/not/$ref": "gone.yaml",
    }


@contextmanager
def served(folder: Path):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_document_behind_an_address(tmp_path):
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "a.json").write_text(
        json.dumps({"openapi": "3.1.0", "x": {"$ref": "b.yaml#/b"}, "y": {"$ref": "http://127.0.0.1:9/"}})
    )
    (tmp_path / "api" / "b.yaml").write_text("b: {found: true}")
    with served(tmp_path) as address:
        document = open_document(f"{address}/api/a.json", Path())

        assert document.root.get("x").value == {"found": True}
        assert document.root.get("y").value is None
        with pytest.raises(DocumentError, match=r"cannot read the OpenAPI document .*/gone.json: File not found"):
            open_document(f"{address}/gone.json", Path())


def test_a_local_document_asks_nothing_of_the_network(tmp_path):
    with served(tmp_path) as address:
        (tmp_path / "b.yaml").write_text("found: true")
        (tmp_path / "a.yaml").write_text(f"{SMALL}x: {{$ref: '{address}/b.yaml'}}\n")
        document = open_document("a.yaml", tmp_path)

        assert document.root.get("x").value is None
        assert list(document.broken.values()) == [f"{address}/b.yaml"]


def test_aliases_that_multiply_are_looked_through_once(tmp_path):
    lines = ["  - &a0 [{$ref: '#/nowhere'}]"]
    lines += [f"  - &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 20)]
    (tmp_path / "a.yaml").write_text("\n".join([SMALL.replace("3.0.3", "3.1.0"), "x:", *lines]))

    broken = open_document("a.yaml", tmp_path).all_broken()

    assert list(broken.values()) == ["#/nowhere"]


ALIASES = "\n".join(["- &a0 [1]", *(f"- &a{n} [*a{n - 1}]" for n in range(1, DEEPEST))])


@pytest.mark.parametrize(
    "text", ["{a: " * 100_000, "- " * 100_000 + "a", "[" * 100_000, '{"a":' * 121 + "1" + "}" * 121, ALIASES]
)
def test_what_is_nested_without_end_is_refused(tmp_path, text):
    (tmp_path / "a.yaml").write_text(text)

    with pytest.raises(DocumentError, match=TOO_DEEP):
        open_document("a.yaml", tmp_path)


def test_what_is_no_address_leads_nowhere(tmp_path):
    schemas = "{A: {$id: 'http://[x/a', properties: {b: {$ref: b}}}, C: {$ref: 'http://[x/c#/d'}}"
    (tmp_path / "a.yaml").write_text(f"{SMALL.replace('3.0.3', '3.1.0')}components: {{schemas: {schemas}}}\n")

    broken = open_document("a.yaml", tmp_path).all_broken()

    assert sorted(broken.values()) == ["b", "http://[x/c#/d"]
