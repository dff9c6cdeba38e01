"""What makes the start and each request cost less."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

__all__ = ["lean", "nothing_is_garbage"]


if TYPE_CHECKING:
    from dataclasses import dataclass as lean
else:

    def lean(*, frozen: bool, slots: bool = False) -> Callable[[type[T]], type[T]]:
        """`@lean(frozen=True)`: a dataclass that only mypy holds frozen, for what is made anew for every request.

        At run time the guard would make it three times as dear.
        """
        assert frozen

        def decorate(cls: type[T]) -> type[T]:
            return dataclass(slots=slots, unsafe_hash="__hash__" not in cls.__dict__)(cls)

        return decorate


@contextmanager
def nothing_is_garbage() -> Iterator[None]:
    """Look for no reference cycles meanwhile: in imports, loading and an export there are none.

    Looking would take up to half of the time of a start, and a fifth of that of an export.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


T = TypeVar("T")


class lazy(Generic[T]):  # noqa: N801  # reads like property
    """A property computed once; `functools.cached_property` takes a lock each time on Python 3.11."""

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, owner: None, kind: type) -> Self: ...
    @overload
    def __get__(self, owner: object, kind: type) -> T: ...
    def __get__(self, owner: object | None, kind: type) -> Self | T:
        if owner is None:
            return self
        value = owner.__dict__[self._name] = self._compute(owner)
        return value
