"""The report in a real Chromium: what a reader finds, and what the page does with what is hostile."""

from __future__ import annotations

import json
import re

import pytest

from interceptor.pact.read import read_pact
from interceptor.report.page import report_page
from interceptor.report.page_data import ReportContents, ReportedPact
from tests.clients.matrix import npm_folder
from tests.providers import interaction, pact
from tests.report.conftest import HOSTILE, PASTE, interceptor

pytestmark = pytest.mark.slow
WCAG = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"
VIOLATIONS = "({violations}) => violations.map((one) => [one.id, ...one.nodes.map((node) => node.html.slice(0, 200))])"
SHAPES = {"light": (1280, 800, "light"), "dark": (1280, 800, "dark"), "phone": (390, 844, "light")}


@pytest.fixture(scope="module")
def file(project):
    page = project / ".interceptor" / "report.html"
    assert interceptor("report", "--config", str(project / "interceptor.yaml")) in {None, 0}
    return page


@pytest.fixture
def page(chromium, file):
    """The browser with the report, its window as wide as a desk's."""
    chromium.shape(1280, 800)
    chromium.open(file.as_uri())
    return chromium


def choose(page, view, words):
    """Open the one entry of a list that has some words."""
    page.run(f"location.hash = '#{view}?q=' + encodeURIComponent({json.dumps(words)})")
    page.until("document.querySelectorAll('.row').length === 1")
    page.run("document.querySelector('.row').click()")
    page.until("document.querySelector('#detail article h2')")


def look_at(page, view):
    page.run(f"location.hash = '#{view}'")
    page.until(f"document.querySelector('#views [aria-current]').hash === '#{view}'")


def marks(page):
    """The places with marks in the details, and the texts of these."""
    found = page.run("[...document.querySelectorAll('#detail .mark')].map((each) => [each.title, each.innerText])")
    return {(place, text) for place, text in found}


def test_it_is_one_small_file_that_needs_no_network(page, file):
    assert page.asked() == [file.as_uri()]
    assert page.complaints() == []
    text = file.read_text()
    data = re.findall(r'<script type="application/json" id="[a-z]+">(.*?)</script>', text, re.DOTALL)
    assert len(text) - sum(map(len, data)) < 300_000
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1]
    assert "default-src &#39;none&#39;" in policy
    assert "unsafe" not in policy
    assert "connect-src &#39;none&#39;" in policy


def test_the_head_says_whose_it_is_and_how_it_went(page):
    assert page.text("h1") == "Product Site"
    assert page.text("#about").startswith("3 interactions with 1 provider · 5 requests · 2 missed · made ")
    views = page.texts("#views a")
    assert [*views[:4], views[6]] == ["Contract3", "Misses1", "Traffic5", "Handlers2", "Clients3"]
    assert [each.rstrip("0123456789") for each in views[4:6]] == ["Findings", "Coverage"]


def test_the_overview_names_consumers_and_providers(page):
    (row,) = page.texts("#detail tbody tr")
    assert re.fullmatch(r"Product Site\tProduct API\t3\t2 added · 1 removed\nthe provider could notice\n\t\d+%", row), (
        row
    )


def test_an_interaction_shows_what_is_asked_what_made_it_and_its_marks(page):
    choose(page, "contract", "product 11")
    text = page.text("#detail")
    for words in ("product 11 exists", "handlers.yaml:3", "tests/test_products.py::test_11", "Added since git:HEAD"):
        assert words in text
    assert page.texts("#detail .message .line") == ["GET /products/11", "200"]
    found = marks(page)
    assert ("request.headers.authorization", "masked") in found
    assert ("request.headers.authorization", "regex ^Bearer .+$") in found
    assert ("response.$.id", "pinned") in found
    assert ("response.$.price", "number") in found
    assert ("response.$.notes", "type, min 1") in found
    assert ("response.$.price", "response.body.incompatible") in found


def test_a_removed_interaction_is_there_and_marked(page):
    choose(page, "contract", "products/9")
    assert "Removed since git:HEAD" in page.text("#detail")
    assert page.texts(".row .tag") == ["removed"]


def test_a_miss_has_its_near_misses_its_tests_and_a_handler_to_copy(page):
    choose(page, "misses", "prices/10")
    text = page.text("#detail")
    for words in ("No handler answers this request, 2 times", "tests/test_prices.py::test_a", "another test"):
        assert words in text
    assert "path\t/products/:id\t/prices/10" in text
    assert page.text("#detail pre.paste").strip() == PASTE.strip()
    page.send("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    page.run("document.querySelector('button.copy').click()")
    page.until("document.querySelector('button.copy').textContent === 'Copied'")


def test_the_traffic_has_what_was_asked_and_answered(page):
    choose(page, "traffic", "products/11")
    assert page.texts("#detail dd")[:3] == ["handlers.yaml:3", "product 11 exists", "tests/test_products.py::test_11"]
    assert {("request.headers.authorization", "masked"), ("response.$.id", "generated")} <= marks(page)


def test_handlers_never_used_and_clients_that_went_around_are_told(page):
    choose(page, "handlers", "handlers.yaml:5")
    assert "never used" in page.text("#detail")
    choose(page, "clients", "refused our certificate")
    assert "api.example.com" in page.text("#detail h2")
    choose(page, "clients", "fonts.example.com")
    assert "is no provider, and went to the real server, 1 time" in page.text("#detail")


def test_a_finding_leads_to_its_interaction(page):
    page.run("location.hash = '#findings?f=error'")
    page.until("document.querySelector('.row .tag')?.innerText === 'error'")
    page.run("document.querySelector('.row').click()")
    page.until("document.querySelector('#detail a[href^=\"#contract/\"]')")
    page.run("document.querySelector('#detail a[href^=\"#contract/\"]').click()")
    page.until("document.querySelectorAll('#detail .pair').length === 1")


def test_coverage_shows_what_no_test_uses(page):
    page.run("location.hash = '#coverage?f=nothing'")
    page.until("document.querySelectorAll('.row').length > 0")
    assert "GET /products/{id} 404" in " ".join(page.texts(".row .name"))


def test_keys_lead_through_all_of_it(page):
    page.press("2")
    page.until("location.hash === '#misses'")
    page.press("1")
    page.until("location.hash === '#contract'")
    page.press("j")
    page.press("j")
    page.until("document.querySelector('[aria-selected=true]')?.getAttribute('aria-posinset') === '2'")
    chosen = page.run("location.hash")
    page.press("/")
    assert page.run("document.activeElement.id") == "search"
    for letter in "product 11":
        page.press(letter)
    page.until("document.querySelectorAll('.row').length === 1")
    page.press("Enter")
    assert page.run("document.activeElement.id") == "list"
    page.until("document.querySelector('#detail h2').innerText.endsWith('product 11')")
    assert page.run("location.hash") != chosen
    page.press("Enter")
    assert page.run("document.activeElement.id") == "detail"
    page.press("Escape")
    page.until("document.querySelectorAll('#detail .pair').length === 0")
    page.press("?")
    assert page.run("document.querySelector('dialog').open") is True


def test_a_deep_link_opens_the_same_thing(page, file, chromium):
    choose(page, "contract", "product 11")
    address = page.run("location.href")
    chromium.open(address)
    assert chromium.text("#detail h2").endswith("product 11")


def test_what_is_hostile_stays_text(page):
    choose(page, "contract", "window.broken given")
    assert page.text("#detail h2") == HOSTILE
    assert "javascript:window.broken=1" in page.text("#detail")
    for view in ("misses", "traffic", "handlers", "findings"):
        look_at(page, view)
    page.run("window.dispatchEvent(new Event('beforeprint'))")
    assert page.run("window.broken") is None
    assert page.run("document.querySelectorAll('img, iframe, [onerror], #main script').length") == 0
    assert page.run("[...document.links].every((each) => each.protocol === 'file:' && each.hash !== '')") is True
    assert page.complaints() == []


def test_a_script_of_others_does_not_run(page):
    page.run(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.broken = 2'}))"
    )
    assert page.run("window.broken") is None
    assert any("Content Security Policy" in each for each in page.complaints())


def test_paper_has_the_interactions_in_full(page):
    page.run("window.dispatchEvent(new Event('beforeprint'))")
    page.shape(800, 1100, medium="print")
    text = page.text("#paper")
    assert "Consumers and providers" in text
    assert all(f"product {number}" in text for number in (9, 10, 11))
    assert page.run("getComputedStyle(document.getElementById('main')).display") == "none"


@pytest.mark.parametrize("shape", SHAPES)
def test_everybody_can_use_it(chromium, file, shape):
    """https://www.w3.org/TR/WCAG22/, as far as axe-core can tell, and without anything that is cut off at its side."""
    modules = npm_folder("axe-core@4")
    if modules is None:
        pytest.skip("npm gives no packages here")
    width, height, scheme = SHAPES[shape]
    chromium.shape(width, height, scheme=scheme)
    chromium.open(file.as_uri())
    chromium.send("Runtime.evaluate", expression=(modules / "node_modules/axe-core/axe.min.js").read_text())
    for view in ("contract", "misses", "traffic", "handlers", "findings", "coverage", "clients"):
        for chosen in (False, True):
            chromium.run(f"location.hash = '#{view}'")
            chromium.until(
                f"document.querySelector('#views [aria-current]').innerText.toLowerCase().startsWith('{view}')"
            )
            if chosen:
                chromium.run("document.querySelector('.row').click()")
                chromium.until("document.querySelector('#main').classList.contains('open')")
            found = chromium.run(f"axe.run(document, {{runOnly: {WCAG}}}).then((each) => ({VIOLATIONS})(each))")
            assert found == [], f"{view} {chosen}"
            assert chromium.run("document.documentElement.scrollWidth <= innerWidth"), view
            assert chromium.run("detail.scrollWidth <= detail.clientWidth"), view


def test_ten_thousand_interactions_open_quickly(chromium, tmp_path):
    """Within 2 s where nothing else keeps the machine busy; here so that a page that builds them all at once fails."""
    made = [
        interaction(f"a request for product {number}", f"/products/{number}", 200, {"id": number, "tags": ["a"] * 5})
        for number in range(10_000)
    ]
    file = tmp_path / "pact.json"
    file.write_text(json.dumps(pact(*made)))
    contents = ReportContents("Product Site", "2026-11-21T20:46:03", [ReportedPact(read_pact(file))])
    (tmp_path / "report.html").write_bytes(report_page(contents))
    chromium.shape(1280, 800)
    chromium.open((tmp_path / "report.html").as_uri())
    assert chromium.text("#about").startswith("10,000 interactions")
    assert len(chromium.texts(".row")) < 50
    took = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
    assert float(chromium.run(took)) < 10_000
    chromium.run("document.getElementById('list').focus()")
    chromium.press("End")
    chromium.until("document.querySelector('[aria-selected=true]')?.getAttribute('aria-posinset') === '10000'")
    assert "product 9999" in chromium.text("[aria-selected=true]")
