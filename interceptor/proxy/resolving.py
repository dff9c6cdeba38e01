"""Calls resolvers in threads, where they cannot block the event loop."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from contextlib import suppress
from threading import Thread
from typing import Any

from interceptor.values.decisions import Decision, Resolving, Settled

_SECONDS = 30.0
"""For one resolver; its client has given up by then, and its thread is left to itself."""


async def settle(decision: Decision) -> Settled:
    """Call the resolvers that a decision depends on, one after the other."""
    while isinstance(decision, Resolving):
        result, error = await in_a_thread(decision.call)
        decision = decision.finish(result) if error is None else decision.fail(error)
    return decision


async def in_a_thread(call: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    """The result of a call, or its exception.

    Each call has its own thread: one that hangs would otherwise occupy the loop's executor, which the loop waits for
    at its end.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()

    def tell(outcome: tuple[Any, BaseException | None]) -> None:
        if not future.done():
            future.set_result(outcome)

    def work() -> None:
        outcome: tuple[Any, BaseException | None]
        try:
            result = call()
            outcome = (asyncio.run(_awaited(result)) if inspect.isawaitable(result) else result, None)
        except BaseException as error:  # noqa: BLE001  # whatever a resolver raises, it is what became of it
            outcome = (None, error)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(tell, outcome)

    Thread(target=work, name="resolver", daemon=True).start()
    try:
        return await asyncio.wait_for(future, _SECONDS)
    except TimeoutError:
        return None, TimeoutError(f"it had not answered after {_SECONDS:g} s")


async def _awaited(result: Awaitable[Any]) -> Any:
    return await result
