"""Options of the form `--header NAME=VALUE`, whose value may name environment variables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from interceptor.values.errors import UsageError

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def header_values(given: Sequence[str], environ: Mapping[str, str]) -> dict[str, str]:
    """The values of `--header`, by name.

    Raises:
        UsageError: a value that no header may have, or see `named_values`.
    """
    # Files and secrets of CI services like to end with a line break.
    values = {name: value.strip() for name, value in named_values("--header", given, environ).items()}
    for name, value in values.items():
        if not value.isprintable() or not value.isascii():
            raise UsageError(
                f"--header {name}: the value has characters that no header may have", "give one line of ASCII"
            )
    return values


def named_values(option: str, given: Sequence[str], environ: Mapping[str, str]) -> dict[str, str]:
    """The values of an option by name, with `${NAME}` replaced by the environment variable.

    Raises:
        UsageError: a text without a name, or a variable that is not set.
    """
    values = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (equals and name.strip()):
            example = {"--header": "authorization=Bearer ${TOKEN}"}.get(option, "password=${PASSWORD}")
            raise UsageError(f"{option} needs a name and a value", f"write {option} '{example}'")
        for variable in _VARIABLE.findall(value):
            if not environ.get(variable):
                raise UsageError(f"{option} {name}: the variable {variable} is not set", f"export {variable}=...")
        values[name.strip()] = _VARIABLE.sub(lambda match: environ[match[1]], value)
    return values
