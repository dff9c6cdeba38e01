"""`interceptor serve` follows its files."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.proxy.live import PATIENCE, clean_environment, serve, write

pytestmark = pytest.mark.slow

HANDLERS = """\
provider: API
data: {words: {file: words.json}}
handlers:
  - request: GET /file
    response: {file: hello.txt}
  - request: GET /resolver
    response: {python: ../mocks/words.py:say}
  - request: GET /data
    response: {text: "{{ data.words[0] }}"}
"""
FILES = {
    "interceptor.yaml": "consumer: Site\nproviders: {API: {url: http://api.example.com}}\n",
    "handlers/api.yaml": HANDLERS,
    "handlers/hello.txt": "hello",
    "handlers/words.json": '["hello"]',
    "mocks/words.py": "def say(request, params, data):\n    return {'text': 'hello'}\n",
}


class Followed:
    """A proxy with what it has said of its files so far."""

    def __init__(self, serving):
        self._serving = serving
        self._heard = 0

    def change(self, name, text):
        """What the proxy says of a change; the files are compared by time and size."""
        (self._serving.folder / name).write_text(text)
        end = time.monotonic() + PATIENCE
        while not (said := "".join(self._serving.errors[self._heard :])).endswith(ENDINGS):
            assert time.monotonic() < end, said
            time.sleep(0.02)
        self._heard = len(self._serving.errors)
        return said

    def answer(self, path):
        return httpx.get(f"http://api.example.com/{path}", proxy=self._serving.url, trust_env=False).text


ENDINGS = ("handlers\n", "handler\n", "as they were\n", "use it\n")


@pytest.fixture
def followed(tmp_path):
    with serve(write(tmp_path, FILES), clean_environment()) as serving:
        end = time.monotonic() + PATIENCE
        while len(serving.errors) < 2:  # where the proxy is, and whom to trust
            assert time.monotonic() < end
            time.sleep(0.02)
        followed = Followed(serving)
        followed._heard = len(serving.errors)
        assert followed.answer("file") == "hello"  # it answers, so it follows
        yield followed


def test_handlers_follow_their_files(followed):
    assert followed.change("handlers/hello.txt", "hello again") == "interceptor  reloaded 3 handlers\n"
    assert followed.answer("file") == "hello again"
    followed.change("handlers/words.json", '["good morning"]')
    assert followed.answer("data") == "good morning"
    followed.change("mocks/words.py", "def say(*_):\n    return {'text': 'good evening'}\n")
    assert followed.answer("resolver") == "good evening"
    more = "provider: API\nhandlers:\n  - {request: GET /more, response: {text: more}}\n"
    assert followed.change("handlers/more.yaml", more) == "interceptor  reloaded 4 handlers\n"
    assert followed.answer("more") == "more"

    said = followed.change("handlers/api.yaml", HANDLERS.replace("response", "responze"))
    assert 'handlers/api.yaml:5:5: unknown key "responze", did you mean "response"?' in said
    assert said.endswith("the handlers stay as they were\n")
    assert followed.answer("file") == "hello again"
    followed.change("handlers/api.yaml", HANDLERS + "\n")
    assert followed.answer("file") == "hello again"

    said = followed.change("interceptor.yaml", FILES["interceptor.yaml"] + "others: error\n")
    assert said == "interceptor  interceptor.yaml has changed: stop and start again to use it\n"
