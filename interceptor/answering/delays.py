"""How long a response, or a piece of it, takes."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import TypeAlias

from interceptor.answering.rendering import Compiler, RenderFault, TemplateValues
from interceptor.handlers.delay_part import Delay, DrawnDelay, milliseconds
from interceptor.project.yaml_nodes import Node
from interceptor.values.generated import GeneratedMarks

Wait: TypeAlias = float | Callable[[TemplateValues], float]
"""Milliseconds, infinity for never; or what tells them, anew for each response."""

_LONGEST = 3_600_000.0
"""Milliseconds that are drawn at most: the tail of a distribution is long."""


def compile_delay(delay: Delay | None, node: Node, compiler: Compiler) -> Wait:
    """The wait that a handler asks for; what is wrong with it is added to the compiler's problems."""
    match delay:
        case None:
            return 0.0
        case "infinite":
            return math.inf
        case DrawnDelay(min=float(low), max=float(high)):
            return low if low == high else lambda _: random.uniform(low, high)  # noqa: S311  # a delay is no secret
        case DrawnDelay(median=float(median), sigma=float(sigma)):
            return lambda _: min(median * math.exp(random.gauss(0.0, sigma)), _LONGEST)
        case DrawnDelay():
            raise AssertionError("the model allows no other")
    render = compiler.text(delay, node, "response.delay")
    if isinstance(render, str):
        compiler.problems.append(node.problem(f'"{delay}" is not a delay; write 200, 200ms or 1.5s'))
        return 0.0

    def wait(values: TemplateValues) -> float:
        try:
            return milliseconds(render(values, GeneratedMarks()))
        except ValueError as error:
            raise RenderFault(node, str(error)) from error

    return wait


def waited(wait: Wait, values: TemplateValues) -> float:
    """Milliseconds to wait for this response.

    Raises:
        RenderFault: where a template fails, or gives no delay.
    """
    return wait if isinstance(wait, float) else wait(values)
