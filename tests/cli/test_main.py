"""The command line before any command."""

from __future__ import annotations

import subprocess
import sys

import pytest

from interceptor import __version__
from interceptor.cli import COMMANDS, main


def called(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    output = capsys.readouterr()
    return ended.value.code, output.out, output.err


def test_help_lists_every_command(capsys):
    code, out, _ = called(capsys, "--help")
    assert code == 0
    words = " ".join(out.split())  # long descriptions are wrapped
    assert [name for name, text in COMMANDS.items() if f"{name} {text}" not in words] == []


def test_help_imports_nothing_slow():
    check = (
        "import sys\nfrom interceptor.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print(sorted({'mitmproxy', 'pydantic', 'jinja2', 'cryptography'} & set(sys.modules)))"
    )
    output = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout
    assert output.endswith("\n[]\n")


def test_the_version(capsys):
    assert called(capsys, "--version") == (0, f"interceptor {__version__}\n", "")


@pytest.mark.parametrize("arguments", [["--config", "no.yaml", "run", "true"], ["run", "--config", "no.yaml", "true"]])
def test_the_project_file_is_named_before_or_after_the_command(capsys, arguments):
    code, out, err = called(capsys, *arguments)
    assert (code, out) == (2, "")
    assert "no.yaml:1:1: there is no project file here; write one with `interceptor init`" in err


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["run", "--nonsense", "true"], ["run"], ["run", "--port", "x", "y"]]
)
def test_wrong_usage_is_exit_code_2(capsys, arguments):
    assert called(capsys, *arguments)[0] == 2


def test_a_bug_is_exit_code_3_in_one_line(capsys, monkeypatch):
    monkeypatch.setitem(COMMANDS, "context", "A module without a command.")
    code, out, err = called(capsys, "context")
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert "this is a bug in interceptor: AttributeError" in err


def test_a_bug_shows_its_traceback_when_asked(capsys, monkeypatch):
    monkeypatch.setitem(COMMANDS, "context", "A module without a command.")
    assert "Traceback" in called(capsys, "-v", "context")[2]
