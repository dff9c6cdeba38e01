"""The wheel, built and installed for real, away from the repository."""

import sys
import zipfile
from pathlib import Path

import pytest

from tests.installed import ROOT, build_wheel, install_wheel, run

pytestmark = pytest.mark.slow

FOLDERS = [
    ("interceptor", "*.py", "interceptor"),
    ("interceptor", "*.[cm]js", "interceptor"),
    ("addons", "*.py", "interceptor/addons"),
    ("templates", "*", "interceptor/templates"),
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build_wheel(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    return install_wheel(wheel, tmp_path_factory.mktemp("installed"))


def test_the_wheel_holds_every_module_and_nothing_else(wheel):
    expected = {"interceptor/py.typed", "interceptor/redaction/secrets.toml"}
    for folder, pattern, package in FOLDERS:
        expected |= {
            f"{package}/{file.relative_to(ROOT / folder).as_posix()}"
            for file in (ROOT / folder).rglob(pattern)
            if file.is_file() and "__pycache__" not in file.parts
        }
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == expected


def test_the_command_works(installed, tmp_path):
    version = run(str(installed / "interceptor"), "--version", cwd=tmp_path)
    assert version == f"interceptor {run(sys.executable, '-c', VERSION, cwd=tmp_path)}"


def test_pytest_finds_the_plugin(installed, tmp_path):
    options = run(str(installed / "python"), "-m", "pytest", "--help", cwd=tmp_path)
    assert "--interceptor-config=FILE" in options


def test_it_makes_a_project(installed, tmp_path):
    run(str(installed / "interceptor"), "init", cwd=tmp_path)
    assert (tmp_path / "handlers" / "product-api.yaml").is_file()


def test_it_runs_a_command(installed, tmp_path):
    (tmp_path / "interceptor.yaml").write_text(PROJECT)
    (tmp_path / "handlers.yaml").write_text(HANDLERS)
    asked = run(
        str(installed / "interceptor"), "run", "--export", "never", "--", sys.executable, "-c", ASK, cwd=tmp_path
    )
    assert asked == "hello"


PROJECT = "consumer: Site\nproviders: {API: {url: http://api.example.com}}\nhandlers: handlers.yaml\n"
HANDLERS = "provider: API\nhandlers:\n  - {request: GET /hello, response: {text: hello}}\n"
ASK = "from urllib.request import urlopen; print(urlopen('http://api.example.com/hello').read().decode())"
VERSION = "from importlib.metadata import version; print(version('pact-interceptor'))"
FIND = """
import interceptor
from importlib.resources import files
print(interceptor.__file__)
for package in ("interceptor.addons", "interceptor.templates"):
    print(*sorted(file.name for file in files(package).iterdir() if file.is_file()))
"""


def test_addons_and_templates_are_found_by_path(installed, tmp_path):
    module, addons, templates = run(str(installed / "python"), "-c", FIND, cwd=tmp_path).splitlines()
    assert Path(module).is_relative_to(installed.parent)
    assert addons.split() == sorted(file.name for file in (ROOT / "addons").glob("*.py"))
    assert templates.split() == sorted(file.name for file in (ROOT / "templates").iterdir() if file.is_file())
