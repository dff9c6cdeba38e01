"""What a JSONPath leads to in a value: `$path` (RFC 9535, with filters and `..`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from interceptor.matching.mismatches import MatcherError, SpecPath


def compile_query(text: str, path: SpecPath) -> tuple[Callable[[Any], list[Any]], bool]:
    """What finds the values of a query, and whether it leads to one place at most.

    Raises:
        MatcherError: where it is no JSONPath.
    """
    from jsonpath import JSONPath, JSONPathEnvironment, JSONPathError  # noqa: PLC0415  # seldom needed

    try:
        query = JSONPathEnvironment(strict=True).compile(text)
        if not isinstance(query, JSONPath):
            raise MatcherError(f'"{text}" combines queries; write one', path)
    except JSONPathError as error:
        said = str(error).partition("\n")[0]
        raise MatcherError(f'"{text}" is not a JSONPath: {said}; write for example $..items[*].sku', path) from error

    def find(value: Any) -> list[Any]:
        if not isinstance(value, dict | list):
            return [value] if text == "$" else []
        try:
            return list(query.findall(value))
        except JSONPathError:
            return []

    return find, query.singular_query()
