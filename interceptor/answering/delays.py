"""How long a response, or a piece of it, takes."""

from __future__ import annotations

import random
from typing import Literal

from interceptor.handlers.response_part import DelayRange


def drawn(delay: DelayRange | Literal["infinite"] | None) -> float:
    """Milliseconds to wait, infinity for never."""
    match delay:
        case None:
            return 0.0
        case DelayRange(min=low, max=high):
            return low if low == high else random.uniform(low, high)  # noqa: S311  # a delay is no secret
        case _:
            return float("inf")
