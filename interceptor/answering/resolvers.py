"""Resolvers: functions of the project's own that make an answer, `python: mocks/products.py:create`."""

from __future__ import annotations

import hashlib
import sys
import traceback
from collections.abc import Callable, Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import ValidationError

from interceptor.handlers.response_part import ResponseEntry
from interceptor.project.folder import Folder

Resolver: TypeAlias = Callable[..., Any]


class ResolverFault(Exception):  # noqa: N818  # the project's resolver is at fault, not this code
    """A resolver that cannot be loaded, failed, or answered what is no response."""


def load_resolver(reference: str, folder: Folder) -> Resolver:
    """The function of a reference.

    Raises:
        ResolverFault: where there is no such file or function, or the file cannot be imported.
    """
    file, _, name = reference.rpartition(":")
    try:
        path = folder.resolve(file)
    except ValueError as error:
        raise ResolverFault(str(error)) from error
    if not path.is_file():
        raise ResolverFault(f'there is no file "{file}"')
    module_name = f"interceptor_resolver_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    module = sys.modules.get(module_name)
    if module is None:
        spec = spec_from_file_location(module_name, path)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[module_name] = module_from_spec(spec)
        if str(path.parent) not in sys.path:
            sys.path.append(str(path.parent))
        try:
            spec.loader.exec_module(module)
        except BaseException as error:
            del sys.modules[module_name]
            raise ResolverFault(explain(error, path, file)) from error
    function = getattr(module, name, None)
    if not callable(function):
        raise ResolverFault(f'"{file}" has no function "{name}"')
    resolver: Resolver = function
    return resolver


def forget_resolvers() -> None:
    """Have resolvers read anew the next time they are loaded."""
    for name in [name for name in sys.modules if name.startswith("interceptor_resolver_")]:
        del sys.modules[name]


def explain(error: BaseException, path: Path, shown: str) -> str:
    """`mocks/products.py:12: ZeroDivisionError: division by zero`: the last line of the project's own."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == path]
    line = frames[-1].lineno if frames else getattr(error, "lineno", None)
    text = f"{type(error).__name__}: {error}".rstrip(": ")
    return f"{shown}:{line}: {text}" if line else f"{shown}: {text}"


def entry_of(result: Any, reference: str) -> ResponseEntry:
    """The response entry that a resolver's result stands for.

    Raises:
        ResolverFault: where it stands for none.
    """
    if isinstance(result, int) and not isinstance(result, bool):
        result = {"status": result}
    if not isinstance(result, Mapping):
        kind = type(result).__name__
        raise ResolverFault(f"{reference} returned {kind}; a response mapping, a status number or None is wanted")
    try:
        return ResponseEntry.model_validate(dict(result))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        unknown = first.get("ctx", {}).get("unknown", [])
        what = f'unknown key "{unknown[0]}"' if unknown else f"{key}: {first['msg']}"
        raise ResolverFault(f"{reference} returned no response: {what}") from error
