"""`from interceptor import ...`: its names, its types, and that nobody pays for what is not asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import interceptor
from interceptor import InterceptorError, Project, check, convert, load_project
from tests.controlled import PROJECT
from tests.proxy.live import write

PROGRAM = """
from pathlib import Path
import interceptor
from interceptor import CheckedPact, ControlClient, Conversion, Finding, InterceptorError, Project, Proxy
from interceptor import check, convert, load_project

project: Project = load_project("interceptor.yaml")

def main() -> list[Finding]:
    with Proxy(Path("interceptor.yaml"), export="always") as proxy:
        control: ControlClient = proxy.control
        control.given("a state")
        places: list[str] = control.use({"handlers": []})
        missed: list[str] = control.missed()
    conversion: Conversion = convert(project, [proxy.recording])
    checked: CheckedPact = check([pact.path for pact in conversion.pacts], project)
    return [*conversion.findings, *checked.findings]

try:
    main()
except InterceptorError as error:
    print(error.message, error.hint, interceptor.__version__)
"""
WRONG = """
from interceptor import Proxy, check
Proxy(export="sometimes")
check(7)
"""


def test_every_public_name_is_there():
    for name in interceptor.__all__:
        assert getattr(interceptor, name) is not None
    assert dir(interceptor) == sorted(interceptor.__all__)


def test_another_name_is_an_error():
    with pytest.raises(ImportError, match="cannot import name 'proxy_of_mine'"):
        from interceptor import proxy_of_mine  # noqa: F401, PLC0415  # this is the test
    assert not hasattr(interceptor, "nothing")


def test_a_program_converts_and_checks(tmp_path):
    project = load_project(str(write(tmp_path, PROJECT) / "interceptor.yaml"))
    assert isinstance(project, Project)
    conversion = convert(project, project.recordings.glob("*.jsonl"))
    assert (conversion.pacts, conversion.without_exchanges) == ([], ["Product API"])
    assert check(project.pact_dir.glob("*.json"), project).is_compatible
    with pytest.raises(InterceptorError) as raised:
        convert(project, [tmp_path / "nowhere.jsonl"])
    assert "nowhere.jsonl" in raised.value.message


@pytest.mark.slow
def test_names_are_imported_when_they_are_asked_for():
    code = "import sys, interceptor; print(sorted(m for m in sys.modules if m[:6] == 'interc' and m != 'interceptor'))"
    words = [sys.executable, "-c", f"{code}; from interceptor import ControlClient; print('asyncio' in sys.modules)"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\nFalse\n"


@pytest.mark.slow
def test_a_users_file_is_typed(tmp_path):
    pytest.importorskip("mypy")
    write(tmp_path, {"right.py": PROGRAM, "wrong.py": WRONG})
    words = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--cache-dir", "cache"]
    environ = {**os.environ, "MYPYPATH": str(Path(interceptor.__file__).parents[1])}  # it follows no editable install
    words += ["right.py", "wrong.py"]
    done = subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert (Path(interceptor.__file__).parent / "py.typed").exists()
    assert 'wrong.py:3: error: Argument "export" to "Proxy" has incompatible type' in done.stdout
    assert 'wrong.py:4: error: Argument 1 to "check" has incompatible type "int"' in done.stdout
    assert "right.py" not in done.stdout
    assert done.returncode == 1, done.stderr
