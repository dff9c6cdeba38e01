"""Editors complete the words of handler files: the real YAML language server, given our schema."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from interceptor.scaffold.schema import handlers_schema, schema_text

pytestmark = pytest.mark.slow

WANTED = [
    ("provider: A\nhandlers:\n  - ", {"request", "resource", "response", "given", "then"}),
    ("provider: A\nhandlers:\n  - resource: /products\n    ", {"filter", "page", "only", "names", "responses"}),
    ("provider: A\nhandlers:\n  - resource: /products\n    page:\n      ", {"size", "parameters", "links"}),
    ("provider: A\nhandlers:\n  - resource: /products\n    names:\n      ", {"list", "one", "missing", "conflict"}),
    ("provider: A\nhandlers:\n  - request: GET /a\n    response:\n      ", {"json", "sse", "stream", "delay"}),
    ("provider: A\nhandlers:\n  - request: GET /a\n    then:\n      call:\n        ", {"url", "json", "sign", "delay"}),
]


class LanguageServer:
    """The server of a folder, over its standard streams."""

    def __init__(self, folder: Path) -> None:
        server = folder / "node_modules" / ".bin" / "yaml-language-server"
        self._process = subprocess.Popen([server, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._number = 0
        self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        self.tell("initialized", {})

    def tell(self, method: str, params: Any) -> None:
        self._write({"method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        self._number += 1
        self._write({"id": self._number, "method": method, "params": params})
        while True:
            message = self._read()
            if "method" in message and "id" in message:  # it asks for settings; the defaults will do
                items = message.get("params", {}).get("items", [])
                self._write({"id": message["id"], "result": [None] * len(items)})
            elif message.get("id") == self._number:
                return message["result"]

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _write(self, message: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        length = 0
        while line := self._process.stdout.readline().strip():
            length = int(line.split(b":")[1]) if line.lower().startswith(b"content-length") else length
        assert length, "the server has ended"
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        return message


def test_the_words_are_completed(tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("needs Node.js and npm")
    install = ["npm", "install", "--prefix", str(tmp_path), "--no-audit", "--no-fund", "--prefer-offline"]
    done = subprocess.run(
        [*install, "yaml-language-server@1"], capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode:
        pytest.skip(f"npm cannot install yaml-language-server: {done.stderr.strip().splitlines()[-1]}")
    (tmp_path / "handlers.json").write_text(schema_text(handlers_schema()))
    server = LanguageServer(tmp_path)
    try:
        for number, (written, wanted) in enumerate(WANTED):
            uri = (tmp_path / f"{number}.yaml").as_uri()
            text = f"# yaml-language-server: $schema=handlers.json\n{written}"
            opened = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
            server.tell("textDocument/didOpen", {"textDocument": opened})
            lines = text.split("\n")
            at = {"line": len(lines) - 1, "character": len(lines[-1])}
            found = server.ask("textDocument/completion", {"textDocument": {"uri": uri}, "position": at})
            labels = {item["label"] for item in (found["items"] if isinstance(found, dict) else found)}
            assert wanted <= labels, (text, labels)
    finally:
        server.close()
