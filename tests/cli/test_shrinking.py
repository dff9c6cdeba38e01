"""A contract never shrinks silently: what `run` says and does where its pact would lose interactions."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.forked import INTERCEPTOR
from tests.proxy.live import clean_environment, write

pytestmark = pytest.mark.slow

PROJECT = "consumer: Shop\nproviders: {API: {url: http://api.example.test/v1}}\nhandlers: handlers.yaml\n"
HANDLERS = """provider: API
handlers:
  - {request: GET /products/:id, name: "product {{ params.id }}", response: {json: {id: "{{ params.id }}"}}}
  - {request: GET /stock, name: the stock, response: {json: []}}
"""
PRODUCT, OTHER, STOCK = "products/1", "products/2?full=1", "stock"


@pytest.fixture
def project(tmp_path):
    return write(tmp_path, {"interceptor.yaml": PROJECT, "handlers.yaml": HANDLERS})


def run(folder, *asked, options=()):
    """Exit code, the lines about the pact, and the names of what it holds."""
    words = ["curl", "-sf", *(f"http://api.example.test/v1/{each}" for each in asked)]
    ended = subprocess.run(
        [*INTERCEPTOR, "run", *options, "--", *words],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    pact = json.loads((folder / "msw_generated_pacts" / "Shop-API.json").read_text())
    lines = ended.stderr.partition("msw_generated_pacts/Shop-API.json")[2].partition("\ninterceptor  ")[0].splitlines()
    return ended.returncode, lines, [each["description"] for each in pact["interactions"]]


def test_what_is_lost_is_named_and_the_file_is_kept_until_it_is_pruned(project):
    everything = ["product 1", "product 2", "the stock"]
    assert run(project, PRODUCT, OTHER, STOCK) == (0, ["   3 interactions   +3 ~0 -0"], everything)
    code, lines, kept = run(project, PRODUCT)
    assert (code, kept) == (1, everything)
    assert lines == [
        " is left as it is: it would lose interactions that are still answered",
        "  - product 2 (handlers.yaml:3 was asked for others)",
        "  - the stock (handlers.yaml:4 was not asked)",
        "  run all the tests; or write it all the same: interceptor run --prune, or interceptor export",
    ]
    pruned = run(project, PRODUCT, options=["--prune"])
    assert pruned == (0, ["   1 interaction   +0 ~0 -2"], ["product 1"])


def test_what_no_handler_answers_any_more_goes(project):
    run(project, PRODUCT, STOCK)
    (project / "handlers.yaml").write_text("".join(HANDLERS.splitlines(keepends=True)[:3]))
    assert run(project, PRODUCT) == (0, ["   1 interaction   +0 ~0 -1"], ["product 1"])


def test_another_name_and_another_answer_are_changes(project):
    run(project, PRODUCT, STOCK)
    (project / "handlers.yaml").write_text(
        HANDLERS.replace("the stock", "all stock").replace('"{{ params.id }}"}', "1}")
    )
    assert run(project, PRODUCT, STOCK) == (0, ["   2 interactions   +0 ~2 -0"], ["all stock", "product 1"])


def test_a_file_that_is_no_pact_is_replaced(project):
    run(project, PRODUCT)
    (project / "msw_generated_pacts" / "Shop-API.json").write_text("{}")
    assert run(project, PRODUCT) == (0, ["   1 interaction   +1 ~0 -0"], ["product 1"])


@pytest.mark.parametrize("specification", [2, 3])
def test_so_it_is_in_each_version(project, specification):
    (project / "interceptor.yaml").write_text(f"{PROJECT}pact: {{specification: {specification}}}\n")
    run(project, PRODUCT, OTHER)
    code, lines, kept = run(project, PRODUCT)
    assert (code, lines[1], len(kept)) == (1, "  - product 2 (handlers.yaml:3 was asked for others)", 2)
