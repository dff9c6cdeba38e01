"""Path, query and cookie parameters of a request against those that the operation declares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from interceptor.compare.pair import Pair, doubtful
from interceptor.compare.reading import exploded, exploded_value, query_readings, readings
from interceptor.openapi.json_schema import Direction
from interceptor.openapi.operations import Parameter
from interceptor.values.findings import Finding
from interceptor.values.mask import MASK
from interceptor.values.place import Place


def compare_path(pair: Pair) -> Iterator[Finding]:
    """One error where a segment is not what its parameter's schema says: then the path is another one."""
    for parameter in pair.operation.parameters:
        text = pair.path_values.get(parameter.name)
        if parameter.where != "path" or text is None:
            continue
        code = "request.path-or-method.unknown"
        place = "request.path"
        found = pair.fits_one_of(code, place, parameter.schema, readings(parameter, text), Direction.REQUEST)
        for finding in found:
            message = f"{pair.interaction.method} {pair.interaction.path} is no path of the document"
            told = f'{message}: "{parameter.name}": {finding.message}'
            yield replace(finding, message=told, place=place, document_place=str(parameter.place))
            return


def compare_query(pair: Pair) -> Iterator[Finding]:
    """Errors for values that do not fit and required parameters that are missing, warnings for undeclared ones."""
    if not pair.is_accepted:
        return
    code = "request.query.incompatible"
    left = dict(pair.interaction.query)
    for parameter in pair.operation.parameters:
        if parameter.where != "query":
            continue
        place = str(Place("query", parameter.name, side="request"))
        taken = None if parameter.name in left else exploded(parameter, left)
        if taken:
            left = {name: values for name, values in left.items() if name not in taken}
            value = exploded_value(parameter, taken)
            found = pair.mismatches(code, place, parameter.schema, value, Direction.REQUEST)
            spelled_out = not any(name.startswith(f"{parameter.name}[") for name in taken)
            yield from doubtful(found) if spelled_out else found
            continue
        values = left.pop(parameter.name, None)
        if values is not None:
            candidates = query_readings(parameter, values)
            findings = list(pair.fits_one_of(code, place, parameter.schema, candidates, Direction.REQUEST))
            yield from doubtful(findings) if _passes(pair, parameter, values) else findings
        elif parameter.required:
            message = f'the required query parameter "{parameter.name}" is missing'
            yield pair.finding(code, message, place, parameter.place)
    keys = {scheme.name for every in pair.operation.security for scheme in every if scheme.where == "query"}
    for name in left:
        if name not in keys:
            message = f'the document has no query parameter "{name}" here'
            place = str(Place("query", name, side="request"))
            yield pair.finding("request.query.unknown", message, place, pair.operation.place)


def _passes(pair: Pair, parameter: Parameter, values: list[str]) -> bool:
    """Whether PactFlow's comparison lets values pass: it joins them, and looks up no name with brackets."""
    joined_fits = len(values) > 1 and pair.fits(parameter.schema, ",".join(values))
    return joined_fits or parameter.is_json or "[" in parameter.name


def compare_cookies(pair: Pair) -> Iterator[Finding]:
    """Warnings for cookies that do not fit and required ones that are missing, which PactFlow's comparison passes over.

    Masked values are nobody's mistake.
    """
    if not pair.is_accepted:
        return
    cookies = cookies_of(pair)
    for parameter in pair.operation.parameters:
        if parameter.where != "cookie":
            continue
        text, place = cookies.get(parameter.name), "request.headers.cookie"
        code = "request.cookie.doubtful"
        if text is not None and MASK not in text:
            yield from pair.fits_one_of(code, place, parameter.schema, readings(parameter, text), Direction.REQUEST)
        elif text is None and parameter.required:
            yield pair.finding(code, f'the required cookie "{parameter.name}" is missing', place, parameter.place)


def cookies_of(pair: Pair) -> dict[str, str]:
    """The cookies that a request sends, by name."""
    header = pair.request_header("cookie") or ""
    pieces = (piece.strip().partition("=") for piece in header.replace(",", ";").split(";"))
    return {name: value for name, _, value in pieces if name}
