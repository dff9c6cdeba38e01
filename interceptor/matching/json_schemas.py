"""Values against a JSON Schema: `$schema`, with the library that knows every dialect of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from interceptor.matching.mismatches import MISSING, JsonCheck, MatcherError, Mismatch, SpecPath, display
from interceptor.values.place import below


def schema_check(schema: Any, path: SpecPath) -> JsonCheck:
    """A check of a JSON value against a schema; formats count, and nothing is fetched.

    Raises:
        MatcherError: where it is no schema.
    """
    import jsonschema_rs  # noqa: PLC0415  # seldom needed

    if not isinstance(schema, dict | bool):
        raise MatcherError("$schema takes a JSON Schema, or {file: a path}; write $$schema for a plain key", path)
    try:
        validator = jsonschema_rs.validator_for(
            schema,
            validate_formats=True,
            offline=True,
            pattern_options=jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000),
        )
    except (ValueError, TypeError) as error:
        said = str(error).partition("\n")[0]
        raise MatcherError(f"this is no JSON Schema: {said}", path) from error

    def check(value: Any, place: str) -> list[Mismatch]:
        if value is MISSING:
            return [Mismatch(place, "a value of the schema", "nothing")]
        return [_mismatch(place, value, error.instance_path, error.message) for error in validator.iter_errors(value)]

    return check


def _mismatch(place: str, value: Any, steps: list[Any], message: str) -> Mismatch:
    for step in steps:
        place, value = below(place, step), value[step]
    return Mismatch(place, f"what the schema says ({message})", display(value))


def schema_test(schema: Any, path: SpecPath) -> Callable[[Any], bool]:
    """The same as a test of one value."""
    check = schema_check(schema, path)
    return lambda value: not check(value, "$")
