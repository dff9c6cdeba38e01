"""The control address: what the consumer's tests may say to the proxy, and ask it, while it runs.

    PUT  /<token>/test        {"name": "..."}        a new test: counts and data start afresh, no state is declared
    GET  /<token>/test                               its name, and what of it was unhandled or failed
    PUT  /<token>/states      ["a state", {"name": "another"}]
    POST /<token>/handlers    YAML or JSON           in front of all others until a reset
    POST /<token>/reset                              forgets states, handlers, counts and changed data
    GET  /<token>/summary                            what was seen so far, and since the test began
    GET  /<token>/exchanges                          what was noted since the test began

The header `x-interceptor-scope` says for which worker; without it for those that send none. Whoever does not know
the token finds nothing here.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

from interceptor.engine import Engine
from interceptor.engine.browsers import cors_headers, is_preflight, preflight_response
from interceptor.journal.lines import dumps, encoded
from interceptor.recorder.recorder import Recorder
from interceptor.recorder.summary import as_plain
from interceptor.values.errors import ConfigurationError
from interceptor.values.exchange import ProviderState
from interceptor.values.json_text import Json, NotJsonError
from interceptor.values.media_types import JSON_MEDIA_TYPE
from interceptor.values.messages import Request, Response


class _Refusal(Exception):  # noqa: N818  # the test's mistake, told to the test
    """A request to the control address that cannot be followed, and why."""


class Control:
    """Answers requests to the control address.

    Args:
        engine: what the tests change.
        recorder: what they ask about.
        token: the first segment of every path here.
    """

    def __init__(self, engine: Engine, recorder: Recorder, token: str) -> None:
        self.token = token
        self._engine = engine
        self._recorder = recorder
        self._acts: dict[tuple[str, str], Callable[[Request, str], Json]] = {
            ("PUT", "test"): self._begin_test,
            ("GET", "test"): self._test,
            ("PUT", "states"): self._states,
            ("POST", "handlers"): self._handlers,
            ("POST", "reset"): self._reset,
            ("GET", "summary"): self._summary,
            ("GET", "exchanges"): self._exchanges,
        }

    def answer(self, request: Request, scope: str) -> Response:
        """The answer to a request at the control address; never raises for what a client sends.

        Args:
            request: its path begins with a token.
            scope: which worker sent it, as its scope header says.
        """
        token, _, name = request.path.removeprefix("/").partition("/")
        if not hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode()):
            return _response(request, 404, {"error": "there is nothing here"})
        if is_preflight(request):
            return preflight_response(request)
        name = name.strip("/")
        act = self._acts.get((request.method, name))
        if act is None:
            known = ", ".join(f"{method} /{each}" for method, each in self._acts)
            return _response(request, 404, {"error": f"no {request.method} /{name}; known: {known}"})
        try:
            result = act(request, scope)
        except _Refusal as refusal:
            return _response(request, 400, {"error": str(refusal)})
        except ConfigurationError as error:
            problems = [str(problem) for problem in error.problems]
            return _response(request, 400, {"error": "the handlers are not sound", "problems": problems})
        return _response(request, 200, result) if result is not None else Response(204, cors_headers(request, ()))

    def _begin_test(self, request: Request, scope: str) -> None:
        said = _json(request, '{"name": "the name of the test"}')
        name = said.get("name") if isinstance(said, dict) else said
        if name is not None and not isinstance(name, str):
            raise _Refusal("the name of a test is text")
        self._engine.begin_test(name, scope)
        self._recorder.begin_test(name, scope)

    def _states(self, request: Request, scope: str) -> None:
        said = _json(request, '["a provider state"]')
        states = said if isinstance(said, list) else [said]
        given = [state if isinstance(state, dict) else {"name": state} for state in states]
        if not all(isinstance(each.get("name"), str) and each["name"] for each in given):
            raise _Refusal('provider states are a list of names, or of {"name": ...}')
        if not all(isinstance(each.get("params", {}), dict) for each in given):
            raise _Refusal('the params of a provider state are an object: {"name": ..., "params": {...}}')
        self._engine.declare_states(frozenset(each["name"] for each in given), scope)
        self._recorder.declarations.declare(
            tuple(ProviderState(each["name"], each.get("params", {})) for each in given), scope
        )

    def _handlers(self, request: Request, scope: str) -> Json:
        return {"handlers": self._engine.add_handlers(request.text, scope)}

    def _reset(self, _: Request, scope: str) -> None:
        self._engine.reset(scope)
        self._recorder.declarations.declare((), scope)

    def _test(self, _: Request, scope: str) -> Json:
        seen = self._recorder.seen_by(scope)
        return {"name": seen.test, "unhandled": list(seen.unhandled.counts), "failed": list(seen.failures.counts)}

    def _summary(self, request: Request, scope: str) -> Json:
        return {**as_plain(self._recorder.summary), "test": self._test(request, scope)}

    def _exchanges(self, _: Request, scope: str) -> Json:
        return [
            {"at": exchange.at, "ms": exchange.ms, **encoded(exchange)}
            for exchange in self._recorder.exchanges_of(scope)
        ]


def _json(request: Request, wanted: str) -> Any:
    try:
        return request.json
    except NotJsonError as error:
        raise _Refusal(f"send JSON: {wanted} ({error})") from error


def _response(request: Request, status: int, value: Json) -> Response:
    headers = (("content-type", JSON_MEDIA_TYPE), ("cache-control", "no-store"))
    return Response(status, (*headers, *cors_headers(request, headers)), dumps(value))
