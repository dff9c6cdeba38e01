"""The documentation as a site: built strictly, searched and looked at in a real Chromium, asking nobody else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec

import pytest
import yaml

from interceptor.cli import COMMANDS
from interceptor.scaffold.schema import contract_schema, handlers_schema, project_schema
from tests.chromium import CHROMIUM, browser
from tests.clients.matrix import npm_folder
from tests.installed import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("mkdocs") is None, reason="the group docs is not installed"),
]
PAGES = ("index", "tutorial", "reference/project-file", "clients")
SHAPES = {"light": (1280, "light"), "dark": (1280, "dark"), "phone": (390, "light")}
WCAG = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']"
RULES = "{'scrollable-region-focusable': {enabled: false}}"
"""Browsers let the keyboard reach what scrolls by themselves."""
VIOLATIONS = "({violations}) => violations.map((one) => [one.id, ...one.nodes.map((node) => node.html.slice(0, 200))])"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, built as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-B", "-m", "mkdocs", "build", "--site-dir", str(folder)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def address(site):
    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    if CHROMIUM is None:
        pytest.skip("this machine has no Chromium")
    with browser(tmp_path_factory.mktemp("profile")) as page:
        yield page


def test_a_link_that_leads_nowhere_is_an_error(tmp_path):
    for part in ("docs", "mkdocs.yml", "pyproject.toml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, tmp_path / part)
    with (tmp_path / "docs" / "secrets.md").open("a") as page:
        page.write("\n[Nowhere](pacts.md#nowhere)\n")
    words = [sys.executable, "-B", "-m", "mkdocs", "build", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "'pacts.md#nowhere'" in done.stdout + done.stderr


def test_the_reference_has_every_command_and_every_key(site):
    commands = (site / "reference" / "commands.html").read_text()
    assert re.findall(r'<h2 id="interceptor-([a-z-]+)">', commands) == list(COMMANDS)
    assert "--retry-while-unknown" in commands
    schemas = {"project-file": project_schema(), "handlers": handlers_schema(), "contract-file": contract_schema()}
    for name, schema in schemas.items():
        page = (site / "reference" / f"{name}.html").read_text()
        keys = {key for each in (schema, *schema["$defs"].values()) for key in each.get("properties", ())}
        assert keys
        assert {key for key in keys if f"<code>{key}</code>" not in page} == set()


def test_links_to_what_is_no_page_lead_to_the_repository(site):
    assert re.search(
        r'href="https://github.com/\w+/interceptor/blob/main/Dockerfile"', (site / "containers.html").read_text()
    )
    assert 'href="handlers.html"' in (site / "index.html").read_text()


def test_no_page_refers_to_what_another_host_gives(site):
    """Links lead elsewhere; nothing is loaded from elsewhere."""
    for page in site.rglob("*.html"):
        loaded = re.findall(r"<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=\"?(https?:[^\" >]+)", page.read_text())
        assert loaded == [], page


def test_a_reader_finds_a_page_by_its_words(chromium, address):
    chromium.shape(1280, 800)
    chromium.open(f"{address}/index.html")
    chromium.run("document.querySelector('[data-md-component=search-query]').focus()")
    chromium.send("Input.insertText", text="asked nothing")
    chromium.until("document.querySelector('.md-search-result__link[href*=\"troubleshooting.html\"]')")
    assert [url for url in chromium.asked() if not url.startswith((address, "data:"))] == []
    assert chromium.complaints() == []


@pytest.mark.parametrize("shape", SHAPES)
def test_everyone_can_read_it(chromium, address, shape):
    """https://www.w3.org/TR/WCAG22/, as far as axe-core can tell, and without a page that is cut off at its side."""
    modules = npm_folder("axe-core@4")
    if modules is None:
        pytest.skip("npm gives no packages here")
    axe = (modules / "node_modules/axe-core/axe.min.js").read_text()
    width, scheme = SHAPES[shape]
    chromium.shape(width, 800, scheme=scheme)
    for page in PAGES:
        chromium.open(f"{address}/{page}.html")
        assert chromium.run("document.body.dataset.mdColorScheme") == ("slate" if scheme == "dark" else "default")
        chromium.send("Runtime.evaluate", expression=axe)
        found = chromium.run(
            f"axe.run(document, {{runOnly: {WCAG}, rules: {RULES}}}).then((each) => ({VIOLATIONS})(each))"
        )
        assert found == [], f"{page}: {json.dumps(found, indent=1)}"
        assert chromium.run("document.documentElement.scrollWidth <= innerWidth"), page


def test_the_colours_follow_the_system_until_a_reader_chooses():
    text = re.sub(r"!!python/\S+", "", (ROOT / "mkdocs.yml").read_text())
    theme = yaml.safe_load(text)["theme"]
    assert theme["font"] is False
    assert theme["palette"][0]["media"] == "(prefers-color-scheme)"
