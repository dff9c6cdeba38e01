"""The programs of docs/python.md run, one after the other, in one project."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.proxy.live import clean_environment, write

PAGE = (Path(__file__).parents[2] / "docs" / "python.md").read_text()

pytestmark = pytest.mark.slow


def run(folder, *words):
    environ = {name: value for name, value in clean_environment().items() if name != "INTERCEPTOR_URL"}
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_programs_shown_run(tmp_path):
    names, proxy, suite, behave, pacts = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    (output,) = re.findall(r"^```text\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    write(tmp_path, {**PROJECT, "test_catalogue.py": suite})
    assert run(tmp_path, "-c", names + proxy) == output + "\n"
    run(tmp_path, "-m", "unittest")
    assert run(tmp_path, "-c", pacts) == "Product Site-Product API.json 2\n"
    run(tmp_path, "-c", BEHAVE.replace("HOOKS", behave))


PROJECT = {
    "interceptor.yaml": """
consumer: Product Site
providers:
  Product API: {url: https://api.example.com/v1, openapi: api.yaml}
""",
    "handlers/products.yaml": """\
provider: Product API
handlers:
  - request: GET /products/:id
    given: product {{ params.id }} exists
    response: {json: {id: "{{ params.id }}"}}
  - request: GET /products/:id
    given: there is no product
    response: 404
""",
    "api.yaml": """
openapi: 3.0.3
info: {title: Products, version: "1"}
paths:
  /products/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200":
          description: it
          content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}
        "404": {description: none}
""",
}
BEHAVE = """
HOOKS
from types import SimpleNamespace
context = SimpleNamespace(failed=False)
before_all(context)
before_scenario(context, SimpleNamespace(name="a scenario"))
after_scenario(context, SimpleNamespace(name="a scenario"))
after_all(context)
"""
