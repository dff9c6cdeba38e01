"""The broker's HTTP API, called directly for what the client cannot do, loses, or would expose on its command line."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException, responses
from typing import Literal
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from interceptor.broker.client import REMEDIES, silent
from interceptor.broker.settings import Broker
from interceptor.values.errors import BrokerError
from interceptor.values.json_text import Json, NotJsonError, parse_json

_FIRST_PAUSE = 0.5
"""Seconds before the first retry; doubled for each further one, as the client does."""
_HAL = "application/hal+json, application/json, application/problem+json"


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """The broker's response and its JSON; None if it has none."""

    status: int
    document: Json
    media_type: str = ""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def link(self, relation: str, **values: str) -> str | None:
        """The URL of a relation with its `{names}` filled in; None if the response has no such relation."""
        links = self.document.get("_links", {}) if isinstance(self.document, dict) else {}
        target = links.get(relation)
        if not isinstance(target, dict) or not isinstance(target.get("href"), str):
            return None
        address: str = target["href"]
        for name, value in values.items():
            address = address.replace(f"{{{name}}}", quote(value, safe=""))
        return address


def ask_broker(
    broker: Broker, url: str, *, method: Literal["GET", "POST", "PUT"] = "GET", body: Json = None
) -> ApiAnswer:
    """Send one request to the broker; if the broker fails, retry up to `broker.retries` times.

    Raises:
        BrokerError: it cannot be reached, refuses the credentials, or fails.
    """
    pauses = [_FIRST_PAUSE * 2**attempt for attempt in range(broker.retries)]
    while True:
        try:
            answer = _asked(broker, url, method, body)
        except (OSError, HTTPException, ValueError) as error:
            reason = error.reason if isinstance(error, URLError) else error
            if isinstance(reason, TimeoutError):
                raise silent(f"the broker at {broker.url}", broker.seconds) from error
            failure = BrokerError(
                f"cannot use the broker at {broker.url}: it cannot be reached: {reason}", REMEDIES["404"]
            )
        else:
            status = f"{answer.status} {responses.get(answer.status, '')}".rstrip()
            remedy = next((REMEDIES[start] for start in ("401", "403", "5") if status.startswith(start)), None)
            if remedy is None:
                return answer
            failure = BrokerError(f"cannot use the broker at {broker.url}: {status}", remedy)
            if answer.status < 500:
                raise failure
        if not pauses:
            raise failure
        time.sleep(pauses.pop(0))


def broker_index(broker: Broker) -> ApiAnswer:
    """The broker's index, which links to everything else.

    Raises:
        BrokerError: the broker cannot be used, or the URL is not a broker's.
    """
    answer = ask_broker(broker, f"{broker.url}/")
    if not answer.is_success or not isinstance(answer.document, dict):
        why = f"it answers with {answer.media_type}, which no broker does" if answer.is_success else str(answer.status)
        raise BrokerError(f"cannot use the broker at {broker.url}: {why}", REMEDIES["404"])
    return answer


def refusal(answer: ApiAnswer) -> str:
    """Why the broker refused: its notices and errors, or the status if it gives no reason."""
    return "; ".join(dict.fromkeys(_reasons(answer.document))) or f"it answered {answer.status}"


def notices(answer: ApiAnswer) -> list[str]:
    """The broker's notices about what it did."""
    found = answer.document.get("notices", []) if isinstance(answer.document, dict) else []
    return [str(notice["text"]) for notice in found if isinstance(notice, dict) and "text" in notice]


def credentials_header(broker: Broker) -> Mapping[str, str]:
    """The authorization header, if there are credentials."""
    if token := broker.credentials.get("PACT_BROKER_TOKEN"):
        return {"authorization": f"Bearer {token}"}
    if user := broker.credentials.get("PACT_BROKER_USERNAME"):
        login = f"{user}:{broker.credentials.get('PACT_BROKER_PASSWORD', '')}"
        return {"authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}
    return {}


def _asked(broker: Broker, url: str, method: str, body: Json) -> ApiAnswer:
    """Always at the broker's own origin: behind a proxy its links may name another, which must not get credentials."""
    origin = urlsplit(broker.url)
    url = urlunsplit(urlsplit(url)._replace(scheme=origin.scheme, netloc=origin.netloc))
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"accept": _HAL}, method=method)  # noqa: S310  # find_broker allows http only
    if data is not None:
        request.add_header("content-type", "application/json")
    for name, value in credentials_header(broker).items():
        request.add_unredirected_header(name, value)
    try:
        with urlopen(request, timeout=broker.seconds) as response:  # noqa: S310  # as above
            return ApiAnswer(response.status, _json(response.read()), response.headers.get_content_type())
    except HTTPError as error:
        with error:
            return ApiAnswer(error.code, _json(error.read()), error.headers.get_content_type())


def _json(content: bytes) -> Json:
    try:
        return parse_json(content)
    except NotJsonError:
        return None


def _reasons(document: Json) -> Iterator[str]:
    """`errors` is a text, a list, or an object of lists by field, depending on the broker."""
    if not isinstance(document, dict):
        return
    errors = document.get("errors") or document.get("error") or []
    if isinstance(errors, dict) and "message" in errors:
        errors = [errors["message"]]
    if isinstance(errors, dict):
        for member, texts in errors.items():
            yield from (f"{member}: {text}" for text in (texts if isinstance(texts, list) else [texts]))
    else:
        yield from map(str, errors if isinstance(errors, list) else [errors])
    yield from (str(each.get("text")) for each in document.get("notices", []) if each.get("type") == "error")
