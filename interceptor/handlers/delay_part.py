"""How long something takes, as handlers say it."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from interceptor.handlers.shorthands import branch
from interceptor.project.models import StrictModel

_DELAY = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s)?\Z")


def milliseconds(value: Any) -> float:
    """A delay in milliseconds: `200`, `"200ms"`, `"1.5s"`.

    Raises:
        ValueError: for anything else, negative numbers included.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not 0 <= value < float("inf"):
            raise ValueError("a delay cannot be negative")
        return float(value)
    if isinstance(value, str) and (match := _DELAY.match(value.strip())):
        return float(match[1]) * (1000 if match[2] == "s" else 1)
    raise ValueError(f'"{value}" is not a delay; write 200, 200ms or 1.5s')


def as_float(value: Any) -> Any:
    """A whole number where a fraction is allowed, too."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


class DrawnDelay(StrictModel):
    """A delay drawn anew for each answer: evenly between two, or log-normally, as networks have them."""

    min: Annotated[float | None, BeforeValidator(milliseconds)] = None
    """At least this long."""
    max: Annotated[float | None, BeforeValidator(milliseconds)] = None
    """At most this long."""
    median: Annotated[float | None, BeforeValidator(milliseconds)] = None
    """Half of them are longer, a few of them much."""
    sigma: Annotated[float | None, BeforeValidator(as_float), Field(ge=0, le=5)] = None
    """How far they scatter: 0 not at all, 0.5 as in a good network, 1 as in a bad one."""

    @model_validator(mode="after")
    def _one_way(self) -> DrawnDelay:
        if self.model_fields_set not in ({"min", "max"}, {"median", "sigma"}):
            raise ValueError("a delay that is drawn has min and max, or median and sigma")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is greater than max")
        return self


def _delay(value: Any) -> Any:
    if value == "infinite" or isinstance(value, dict) or (isinstance(value, str) and "{{" in value):
        return value
    return {"min": milliseconds(value), "max": milliseconds(value)}


Delay: TypeAlias = Annotated[
    Annotated[Annotated[str, Tag("text")] | Annotated[DrawnDelay, Tag("mapping")], Discriminator(branch)],
    BeforeValidator(_delay),
]
"""`infinite` and templates are text."""
