"""The control address as Python tests speak to it."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from interceptor.values.errors import UsageError
from interceptor.values.json_text import NotJsonError, parse_json

_SECONDS = 30.0


class ControlClient:
    """What a test may say to the proxy, and ask it; it goes past the proxy variables.

    Args:
        url: the value of INTERCEPTOR_URL.
        scope: keeps parallel workers apart; a worker's requests have to carry `headers`.

    Every method raises UsageError where the proxy does not answer, or refuses.
    """

    def __init__(self, url: str, scope: str = "") -> None:
        self.url = url
        self.headers: dict[str, str] = {"x-interceptor-scope": scope} if scope else {}
        """What the consumer's requests have to carry, to be this worker's."""

    def begin_test(self, name: str) -> None:
        """A new test: calls are counted from the start, data is as in the files, no state is declared."""
        self._ask("PUT", "test", {"name": name})

    def given(self, *names: str) -> None:
        """Declare the provider states that hold from now on, and no others."""
        self._ask("PUT", "states", names)

    def use(self, added: Any) -> list[str]:
        """Put handlers in front of all others, until a reset: YAML, or what it stands for; where they stand."""
        __tracebackhide__ = True
        places: list[str] = self._ask("POST", "handlers", added)["handlers"]
        return places

    def reset(self) -> None:
        """Forget states, added handlers, counts and changed data."""
        self._ask("POST", "reset")

    def test(self) -> Any:
        """`{"name": ..., "unhandled": [explanation, ...], "failed": [...]}` of the test that runs."""
        return self._ask("GET", "test")

    def missed(self) -> list[str]:
        """Why requests of the test that runs were unhandled or failed, each with the handlers that come nearest."""
        test = self.test()
        return [*test["unhandled"], *test["failed"]]

    def summary(self) -> Any:
        """Counts of the whole run, and what `test` says."""
        return self._ask("GET", "summary")

    def exchanges(self, *, real_headers: bool = False) -> list[Any]:
        """Requests and answers since the test began, as the journal has them.

        Args:
            real_headers: with the headers as they were sent, if the project file says `real_headers: true`.
        """
        found: list[Any] = self._ask("GET", "exchanges?headers=real" if real_headers else "exchanges")
        return found

    def _ask(self, method: str, name: str, said: Any = None) -> Any:
        __tracebackhide__ = True  # where a test fails, pytest shows the test
        parts = urlsplit(self.url)
        text = said if isinstance(said, str) else json.dumps(said)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=_SECONDS)
        try:
            body = None if said is None else text.encode()
            connection.request(method, f"{parts.path}/{name}", body, {"connection": "close", **self.headers})
            response = connection.getresponse()
            status, content = response.status, response.read()
        except (OSError, HTTPException) as error:
            raise UsageError(f"the proxy at INTERCEPTOR_URL, {self.url}, does not answer: {error}") from error
        finally:
            connection.close()
        if status == 204:
            return None
        try:
            answer = parse_json(content)
        except NotJsonError as error:
            raise UsageError(f"INTERCEPTOR_URL, {self.url}, is not a control address (HTTP {status})") from error
        if status != 200:
            raise UsageError("\n".join([f"cannot {method} /{name}: {answer['error']}", *answer.get("problems", [])]))
        return answer
