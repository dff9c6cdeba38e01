"""The control address, where the consumer's tests talk to the running proxy.

    PUT  /<token>/test        {"name": "..."}        begins a test: counts, data and states are reset
    GET  /<token>/test                               its name, and its unhandled and failed requests
    PUT  /<token>/states      ["a state", {"name": "another"}]
    POST /<token>/handlers    YAML or JSON           go before all others until a reset
    POST /<token>/reset                              forgets states, handlers, counts and changed data
    GET  /<token>/summary                            what was seen so far, and since the test began
    GET  /<token>/exchanges                          what was recorded since the test began; ?headers=real, unmasked
    GET  /<token>/report                             a page that shows all of this as it happens
    GET  /<token>/report/news?after=12               what that page asks for: exchanges of all scopes, and the summary

The header `x-interceptor-scope` names the worker; without it, the call is for requests that have no such header.
Without the token, every path is a 404. A page in a browser is refused even with the token: no test is a page, and any
page can send requests to this machine.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from interceptor.engine import Engine
from interceptor.journal.lines import dumps, encoded
from interceptor.recorder.recorder import Recorder
from interceptor.recorder.summary import as_plain
from interceptor.values.errors import ConfigurationError
from interceptor.values.exchange import ProviderState
from interceptor.values.json_text import Json, NotJsonError
from interceptor.values.media_types import JSON_MEDIA_TYPE
from interceptor.values.messages import Request, Response

_MOST_NEWS = 200
"""Exchanges in one answer to the page; more would hold up the consumer's own requests."""
_NEVER_PUBLIC = (".internal", ".local", ".localhost", ".test", ".home.arpa")
"""The ends of names that are kept for private use (RFC 2606, 6762 and 8375; ICANN keeps `.internal`)."""


class _Refusal(Exception):  # noqa: N818  # the test's mistake, told to the test
    """A request to the control address that cannot be carried out, and why."""


class Control:
    """Answers requests to the control address.

    Args:
        engine: what the tests change.
        recorder: what they ask about.
        token: the first segment of every path here.
        page: makes the page that shows what happens.
    """

    def __init__(
        self, engine: Engine, recorder: Recorder, token: str, page: Callable[[], Response] | None = None
    ) -> None:
        self.token = token
        self._engine = engine
        self._recorder = recorder
        self._acts: dict[tuple[str, str], Callable[[Request, str], Json | Response]] = {
            ("PUT", "test"): self._begin_test,
            ("GET", "test"): self._test,
            ("PUT", "states"): self._states,
            ("POST", "handlers"): self._handlers,
            ("POST", "reset"): self._reset,
            ("GET", "summary"): self._summary,
            ("GET", "exchanges"): self._exchanges,
            ("GET", "report/news"): self._news,
        }
        if page is not None:
            self._acts["GET", "report"] = lambda _request, _scope: page()

    def answer(self, request: Request, scope: str) -> Response:
        """The answer to a request at the control address; never raises for what a client sends.

        Args:
            request: its path begins with a token.
            scope: the worker that sent it, from its scope header.
        """
        if (why := _not_from_here(request)) is not None:
            return _response(403, {"error": why})
        token, _, name = request.path.removeprefix("/").partition("/")
        if not hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode()):
            return _response(404, {"error": "there is nothing here"})
        name = name.strip("/")
        act = self._acts.get((request.method, name))
        if act is None:
            known = ", ".join(f"{method} /{each}" for method, each in self._acts)
            return _response(404, {"error": f"no {request.method} /{name}; known: {known}"})
        try:
            result = act(request, scope)
        except _Refusal as refusal:
            return _response(400, {"error": str(refusal)})
        except ConfigurationError as error:
            problems = [str(problem) for problem in error.problems]
            return _response(400, {"error": "the handlers are not valid", "problems": problems})
        if isinstance(result, Response):
            return result
        return _response(200, result) if result is not None else Response(204)

    def _begin_test(self, request: Request, scope: str) -> None:
        said = _json(request, '{"name": "the name of the test"}')
        name = said.get("name") if isinstance(said, dict) else said
        if name is not None and not isinstance(name, str):
            raise _Refusal("the name of a test must be a text")
        self._engine.begin_test(name, scope)
        self._recorder.begin_test(name, scope)

    def _states(self, request: Request, scope: str) -> None:
        said = _json(request, '["a provider state"]')
        states = said if isinstance(said, list) else [said]
        given = [state if isinstance(state, dict) else {"name": state} for state in states]
        if not all(isinstance(each.get("name"), str) and each["name"] for each in given):
            raise _Refusal('provider states must be a list of names, or of {"name": ...}')
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

    def _exchanges(self, request: Request, scope: str) -> Json:
        wanted = dict(request.query).get("headers", "masked")
        if wanted not in {"masked", "real"}:
            raise _Refusal("headers is masked or real")
        if wanted == "real" and not self._recorder.keeps_real_headers:
            raise _Refusal("real headers are not kept; write `real_headers: true` in the project file")
        return [
            {"at": exchange.at, "ms": exchange.ms, **encoded(exchange)}
            for exchange in self._recorder.exchanges_of(scope, real_headers=wanted == "real")
        ]

    def _news(self, request: Request, _: str) -> Json:
        after = dict(request.query).get("after", "0")
        if not re.fullmatch("[0-9]{1,15}", after):
            raise _Refusal("after is the number that came with the news before")
        number, exchanges = self._recorder.exchanges_after(int(after), _MOST_NEWS)
        return {
            "next": number,
            "exchanges": [{"at": each.at, "ms": each.ms, **encoded(each)} for each in exchanges],
            "run": as_plain(self._recorder.summary),
        }


def _json(request: Request, wanted: str) -> Any:
    try:
        return request.json
    except NotJsonError as error:
        raise _Refusal(f"send JSON: {wanted} ({error})") from error


def _not_from_here(request: Request) -> str | None:
    """Why a request comes from a page in a browser, or by a name that anybody may give this machine; None where not.

    Browsers say where a page is from (Fetch Metadata, and `Origin` in the Fetch standard). Where a name of theirs leads
    to this machine, by DNS rebinding, the page and the address seem to be one: that name is in `Host`.
    """
    host = urlsplit(f"//{request.header('host') or ''}").hostname or ""
    if not _is_ours(host):
        return f'this is the control address of interceptor, which is not called "{host}"'
    site, origin = request.header("sec-fetch-site"), request.header("origin")
    if site not in {None, "none", "same-origin"} or origin not in {None, f"http://{request.header('host')}"}:
        return "pages in a browser may not ask here; have the test's own process ask"
    return None


def _is_ours(host: str) -> bool:
    """True for addresses, and for names that no public DNS has: those of this machine, of containers and clusters."""
    try:
        ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(_NEVER_PUBLIC)
    return True


def _response(status: int, value: Json) -> Response:
    return Response(status, (("content-type", JSON_MEDIA_TYPE), ("cache-control", "no-store")), dumps(value))
