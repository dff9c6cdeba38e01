"""What differs between a pact and what the broker holds under the same version."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from http.client import HTTPException
from typing import Literal
from urllib.parse import quote
from urllib.request import Request, urlopen

from interceptor.broker.publishing import PactFile
from interceptor.broker.settings import Broker
from interceptor.values.json_text import Json, parse_json

_NOT_CONTENT = ("_id", "key", "pending", "comments")
"""Members of an interaction that the broker adds, or that change nothing about what is asked."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One interaction by its description, and what became of it since."""

    kind: Literal["new", "changed", "gone"]
    description: str


def differences(pact: PactFile, broker: Broker, version: str) -> list[Difference]:
    """What differs; nothing where the broker does not show what it holds."""
    names = (quote(name, safe="") for name in (pact.provider, pact.consumer, version))
    address = "{}/pacts/provider/{}/consumer/{}/version/{}".format(broker.url, *names)
    request = Request(address, headers={"accept": "application/hal+json"})  # noqa: S310  # find_broker allows http only
    if authorization := _authorization(broker):
        request.add_unredirected_header("authorization", authorization)
    try:
        with urlopen(request, timeout=broker.seconds) as response:  # noqa: S310  # as above
            published = _by_description(parse_json(response.read()))
    except (OSError, HTTPException, ValueError, LookupError, TypeError):
        return []
    ours = _by_description(parse_json(pact.file.read_bytes()))
    found = [
        Difference("changed" if description in published else "new", description)
        for description, contents in ours.items()
        if contents != published.get(description)
    ]
    return found + [Difference("gone", description) for description in published if description not in ours]


def _authorization(broker: Broker) -> str | None:
    if token := broker.credentials.get("PACT_BROKER_TOKEN"):
        return f"Bearer {token}"
    if user := broker.credentials.get("PACT_BROKER_USERNAME"):
        login = f"{user}:{broker.credentials.get('PACT_BROKER_PASSWORD', '')}"
        return f"Basic {base64.b64encode(login.encode()).decode()}"
    return None


def _by_description(document: Json) -> dict[str, list[str]]:
    """The contents of the interactions with one description, sorted: their states may differ."""
    found: dict[str, list[str]] = {}
    for each in document["interactions"]:
        content = {name: value for name, value in each.items() if name not in _NOT_CONTENT}
        found.setdefault(each["description"], []).append(json.dumps(content, sort_keys=True))
    return {description: sorted(contents) for description, contents in found.items()}
