"""The authorization that an operation asks for."""

from __future__ import annotations

from collections.abc import Iterator

from interceptor.compare.pair import Pair, doubtful
from interceptor.compare.request_parameters import cookies_of
from interceptor.openapi.operations import Scheme
from interceptor.values.findings import Finding


def compare_security(pair: Pair) -> Iterator[Finding]:
    """A finding where a request satisfies none of the requirements; each asks for all of its schemes."""
    requirements = pair.operation.security
    if not pair.is_accepted or not requirements:
        return
    missing = [[scheme for scheme in every if not _is_sent(scheme, pair)] for every in requirements]
    if all(missing):
        needs = " or ".join(" and ".join(map(_described, every)) for every in missing)
        message = f"the operation asks for authorization: {needs} is missing"
        finding = pair.finding("request.authorization.missing", message, _place(missing[0][0]), pair.operation.place)
        yield from doubtful([finding]) if _is_enough(pair) else [finding]


def _is_enough(pair: Pair) -> bool:
    """Whether PactFlow's comparison is content: with one scheme of many, and with any that a cookie carries."""
    schemes = [scheme for every in pair.operation.security for scheme in every]
    return any(scheme.where == "cookie" or _is_sent(scheme, pair) for scheme in schemes)


def _is_sent(scheme: Scheme, pair: Pair) -> bool:
    match scheme.kind, scheme.where:
        case "apikey", "header":
            return pair.request_header(scheme.name) is not None
        case "apikey", "query":
            return scheme.name in pair.interaction.query
        case "apikey", "cookie":
            return scheme.name in cookies_of(pair)
        case (("basic" | "http"), _):
            sent = (pair.request_header("authorization") or "").lower()
            return sent.startswith(f"{scheme.scheme or 'basic'} ")
        case _:
            return True  # OAuth, OpenID Connect and mutual TLS leave no mark that a pact must show


def _described(scheme: Scheme) -> str:
    if scheme.kind != "apikey":
        return f'"Authorization: {(scheme.scheme or "basic").capitalize()} ..."'
    return f'the {"query parameter" if scheme.where == "query" else scheme.where} "{scheme.name}"'


def _place(scheme: Scheme) -> str:
    return "request.query" if scheme.kind == "apikey" and scheme.where == "query" else "request.headers"
