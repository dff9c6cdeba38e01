"""What the documentation shows as YAML is read without a complaint."""

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from interceptor.engine import load_engine
from interceptor.engine.descriptions import load_descriptions
from interceptor.project.config import load_project

ROOT = Path(__file__).parents[2]
RUN = {"handlers.md", "coming-from-msw.md"}
"""What these show is not only read but run, by test_handlers_page.py."""
DOCUMENTS = [ROOT / "README.md", *sorted(file for file in (ROOT / "docs").glob("**/*.md") if file.name not in RUN)]
BLOCKS = [
    pytest.param(block, id=f"{document.name}-{number}")
    for document in DOCUMENTS
    for number, block in enumerate(re.findall(r"^```yaml\n(.*?)^```", document.read_text(), re.DOTALL | re.MULTILINE))
]
PROJECT = """
consumer: Product Site
providers:
  Product API: {url: https://api.example.com/v1}
  api.example.com: {url: http://api.example.com/v1}
"""


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_is_sound(tmp_path, block):
    is_project = re.search("^consumer:", block, re.MULTILINE)
    handlers = tmp_path / "handlers"
    (handlers / "fixtures").mkdir(parents=True)
    (handlers / "fixtures" / "products.json").write_text("[]")
    is_contract = re.search("^interactions:", block, re.MULTILINE)
    (handlers / "products.yaml").write_text("handlers: []" if is_project or is_contract else block)
    (tmp_path / "contract.yaml").write_text(block if is_contract else "interactions: []")
    (tmp_path / "src" / "mocks").mkdir(parents=True)
    (tmp_path / "src" / "mocks" / "handlers.ts").touch()
    project = tmp_path / "interceptor.yaml"
    project.write_text(block if is_project else PROJECT)
    assert load_engine(load_project(project)).warnings == []
    assert load_descriptions(load_project(project)).warnings == []


def test_the_interaction_shown_is_one_of_the_examples_pact():
    (shown,) = re.findall(r"^```json\n(.*?)^```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    pact = ROOT / "examples/product-site/msw_generated_pacts/Product Site-Product API.json"
    assert json.loads(shown) in json.loads(pact.read_text())["interactions"]


def test_every_part_of_the_package_is_in_the_table_of_the_code():
    text = (ROOT / "docs" / "how-it-works.md").read_text()
    package = ROOT / "interceptor"
    parts = {f"{each.parent.name}/" for each in package.glob("*/__init__.py")} | {
        each.name for each in package.glob("[a-z]*.py")
    }
    named = set(re.findall(r"`([a-z_]+(?:/|\.py))`", text))
    assert named == parts | {"addons/", "templates/", "bench/", "npm/"}


def test_every_link_leads_somewhere():
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/*.md")]:
        prose = re.sub("^```.*?^```", "", document.read_text(), flags=re.DOTALL | re.MULTILINE)
        for link in re.findall(r"\]\(([^)\s]+)\)", prose):
            if link.startswith("https://"):
                continue
            path, _, anchor = unquote(link).partition("#")
            target = document.parent / path if path else document
            assert target.exists(), f"{document.name}: {link}"
            assert not anchor or anchor in anchors(target), f"{document.name}: {link}"


def anchors(document):
    """Those that GitHub gives to headings."""
    headings = re.findall("^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_handlers_shown_are_the_examples():
    shown = [block for block in BLOCKS if block.id.startswith("README.md")]
    files = [ROOT / "examples/product-site" / name for name in ("interceptor.yaml", "handlers/products.yaml")]
    for block, file in zip(shown, files, strict=True):
        lines = file.read_text().splitlines()
        assert [line for line in block.values[0].splitlines() if line not in lines] == []
