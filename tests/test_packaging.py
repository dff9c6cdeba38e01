"""The wheel, built and installed for real, away from the repository."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
FOLDERS = [
    ("interceptor", "*.py", "interceptor"),
    ("interceptor", "*.[cm]js", "interceptor"),
    ("addons", "*.py", "interceptor/addons"),
    ("templates", "*", "interceptor/templates"),
]
PARTS = ("interceptor", "addons", "templates", "pyproject.toml", "README.md", "LICENSE")


def run(*command, cwd):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    source = tmp_path_factory.mktemp("source")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, source / part)
        else:
            shutil.copy(ROOT / part, source)
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--wheel-dir", "dist")
    run(sys.executable, "-m", "pip", "wheel", *options, ".", cwd=source)
    (built,) = (source / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The bin folder of an environment that holds the wheel, and borrows its dependencies from this one."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder)
    python = folder / "bin" / "python"
    options = ("--no-deps", "--no-index", "--quiet", "--no-compile")
    run(sys.executable, "-m", "pip", "--python", str(python), "install", *options, str(wheel), cwd=folder)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    (site_packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


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
