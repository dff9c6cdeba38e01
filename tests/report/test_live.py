"""The page at the control address, in a real Chromium, while requests come."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from interceptor.cli.live import live
from tests.proxy.live import clean_environment, inside, write
from tests.report.conftest import SITE

pytestmark = pytest.mark.slow
FILES = {
    "interceptor.yaml": SITE,
    "handlers.yaml": """\
provider: API
handlers:
  - {request: GET /item/:id, name: "item {{ params.id }}", response: {text: here}}
""",
}


@pytest.fixture
def proxy(tmp_path):
    with inside(write(tmp_path, FILES), clean_environment(), page=lambda: live("Site")) as running:
        yield running


def ask(proxy, path):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": proxy.url}))
    try:
        return opener.open(f"http://api.example.test{path}").status
    except urllib.error.HTTPError as error:
        return error.code


def status(url, method="GET"):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method)) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_exchanges_appear_as_they_come_and_a_miss_with_its_handler(proxy, chromium):
    chromium.shape(1280, 800)
    chromium.open(proxy.context.page_url)
    chromium.until("document.querySelector('#about').innerText.startsWith('Live · 0 requests')")
    assert chromium.texts("#views a") == ["Misses0", "Traffic0", "Handlers1", "Clients0"]
    assert ask(proxy, "/item/1") == 200
    chromium.until("document.querySelector('.row')?.innerText.includes('item 1')")
    assert ask(proxy, "/prices/10?currency=EUR") == 501
    chromium.until("document.querySelector('#views a').innerText === 'Misses1'")
    assert chromium.texts(".row .name") == ["GET /prices/10", "item 1"]  # the newest first
    chromium.run("location.hash = '#misses'")
    chromium.until("document.querySelectorAll('.row').length === 1")
    chromium.run("document.querySelector('.row').click()")
    chromium.until("document.querySelector('button.copy')")
    assert "query: {currency: EUR}" in chromium.text("#detail pre.paste")
    assert {url.partition("?")[0] for url in chromium.asked()} == {
        proxy.context.page_url,
        f"{proxy.context.page_url}/news",
    }
    assert chromium.complaints() == []


def test_it_is_for_those_who_know_the_token_and_changes_nothing(proxy):
    address, _, _ = proxy.context.page_url.rpartition("/")
    stranger = f"{address.rpartition('/')[0]}/another-token"
    assert [status(f"{stranger}/{each}") for each in ("report", "report/news")] == [404, 404]
    for method in ("POST", "PUT", "DELETE"):
        assert status(proxy.context.page_url, method) == 404
    with urllib.request.urlopen(proxy.context.page_url) as answer:
        policy = answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in policy
    assert "connect-src 'self'" in policy


def test_news_come_in_order_and_once(proxy):
    for number in range(250):
        ask(proxy, f"/item/{number}")
    names, after = [], 0
    while True:
        with urllib.request.urlopen(f"{proxy.context.page_url}/news?after={after}") as answer:
            news = json.load(answer)
        if not news["exchanges"]:
            break
        names += [each["name"] for each in news["exchanges"]]
        after = news["next"]
    assert names == [f"item {number}" for number in range(250)]
    assert news["run"]["requests"] == 250
    assert status(f"{proxy.context.page_url}/news?after=-1") == 400
