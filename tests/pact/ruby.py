"""The verifier of pact-ruby, which the wheel of pact-python 2.2.2 holds; it knows specification 2."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from zipfile import ZipFile

_WHEEL = "pact-python==2.2.2"


@cache
def ruby_folder() -> Path | None:
    """The folder of pact-ruby, kept from run to run; None where pip cannot give it."""
    digest = hashlib.sha256(f"{_WHEEL} {sys.version_info[:2]}".encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"interceptor-test-ruby-{os.getuid()}-{digest}"
    library = folder / "pact" / "lib"
    if not (folder / "complete").exists():
        folder.mkdir(exist_ok=True)
        words = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--only-binary=:all:",
            "-d",
            folder,
            _WHEEL,
        ]
        if subprocess.run(words, cwd=folder, capture_output=True, check=False, timeout=300).returncode:
            return None
        for wheel in folder.glob("*.whl"):
            with ZipFile(wheel) as archive:
                for member in archive.infolist():
                    path = Path(archive.extract(member, folder))
                    if mode := member.external_attr >> 16 & 0o777:
                        path.chmod(mode)
            wheel.unlink()
        if not (library / "ruby" / "bin" / "ruby").exists():
            return None  # a wheel for a system that has no Ruby in it
        (folder / "complete").touch()
    return library


def ruby_verified(library: Path, file: Path, port: int) -> subprocess.CompletedProcess[str]:
    """Run the verifier on a pact file against a provider without states."""
    command = [library / "ruby" / "bin" / "ruby", "-rbundler/setup", f"-I{library / 'app' / 'lib'}"]
    command += [library / "app" / "pact-provider-verifier.rb", file, "--provider-base-url", f"http://127.0.0.1:{port}"]
    environment = os.environ | {"BUNDLE_GEMFILE": str(library / "vendor" / "Gemfile"), "PACT_DO_NOT_TRACK": "true"}
    with tempfile.TemporaryDirectory() as folder:  # it writes a log into the folder in which it runs
        return subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120, check=False
        )
