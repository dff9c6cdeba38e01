"""Finds what still looks like a secret in a pact, no matter which tool wrote it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from urllib.parse import urlencode

from interceptor.pact.read import Pact, PactInteraction
from interceptor.redaction.forms import form_of, forms
from interceptor.redaction.redactor import Redactor
from interceptor.values.exchange import Exchange, Metadata, Outcome
from interceptor.values.findings import Finding
from interceptor.values.json_text import Json
from interceptor.values.mask import UNSIGNED_JWT
from interceptor.values.messages import Request
from interceptor.values.place import ROOT, below, leaves


def secrets_in(pact: Pact) -> list[Finding]:
    """An error for each place of a pact that contains a secret of a known form.

    Masks and the constants of pinned values do not count.
    """
    findings = []
    wrapped = pact.specification.startswith("4")  # a body with its encoding; before, it is what it is
    for index, interaction in enumerate(pact.written):
        for place, text in _texts(interaction, wrapped=wrapped):
            for start, end in forms(text):
                found = text[start:end]
                if not found.startswith(UNSIGNED_JWT):
                    where = place.removeprefix("$.")
                    message = f'interaction {index} ("{interaction["description"]}") holds {form_of(found)} at {where}'
                    findings.append(Finding("secret.found", message, pact.file.name, interaction=index, place=where))
                    break
    return findings


def likely_secrets_in(pact: Pact) -> list[Finding]:
    """A warning for each request that holds what a recording would have masked by its name, or as it looks random."""
    redact, findings = Redactor(), []
    for each in pact.interactions:
        request = _request(each)
        exchange = redact(Exchange(request, None, Outcome.MOCKED, "", 0.0, Metadata()))
        if exchange.request != request:
            where = ", ".join(exchange.masked)
            message = f'"{each.description}" holds what is masked in recordings: {where}'
            findings.append(Finding("secret.likely", message, interaction=each.index, place=exchange.masked[0]))
    return findings


def _request(each: PactInteraction) -> Request:
    query = urlencode([(name, value) for name, values in each.query.items() for value in values])
    headers = tuple((name, value) for name, values in each.request.headers.items() for value in values)
    body = each.request.body
    content = (
        b"" if not each.request.has_body else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    )
    return Request(each.method, f"http://provider{each.path}{'?' if query else ''}{query}", headers, content)


def _texts(interaction: Json, *, wrapped: bool) -> Iterator[tuple[str, str]]:
    yield from _member_names(interaction)
    for place, value in leaves(interaction):
        if wrapped and isinstance(value, str) and _is_base64(interaction, place):
            yield place, base64.b64decode(value).decode("latin-1")
        elif isinstance(value, str | int) and not isinstance(value, bool):
            yield place, str(value)


def _member_names(value: Json, place: str = ROOT) -> Iterator[tuple[str, str]]:
    """Names of members, since a token may be used as a key."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield place, name
            yield from _member_names(member, below(place, name))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _member_names(element, below(place, index))


def _is_base64(interaction: Json, place: str) -> bool:
    if place not in {"$.request.body.content", "$.response.body.content"}:
        return False
    side = place.split(".")[1]
    encoded: object = interaction[side]["body"].get("encoded")
    return encoded == "base64"
