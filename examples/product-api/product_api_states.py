"""The provider states that consumers require of Product API.

Add the router to the app under test, never in production:

    app.include_router(states)

    interceptor verify --provider-url http://localhost:8000 --states-url http://localhost:8000/_pact/states

Each handler puts the provider into a state that one consumer requires, and may return values for its pact. A handler
with nothing to do is empty. To undo a state, write a handler for its teardown, and use `verify --teardown`:

    @state("a consumer", "a state", "teardown")

`interceptor states --scaffold fastapi` adds handlers for new states, and keeps what is here.
"""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Response
from product_api import Product, products

Handler = Callable[[dict[str, Any]], dict[str, Any] | None]
handlers: dict[tuple[str, str, str], Handler] = {}


def state(consumer: str, name: str, action: str = "setup") -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        handlers[consumer, name, action] = handler
        return handler

    return register


def base() -> None:
    """Bring the provider to where every interaction begins: for example, empty its tables."""
    products.clear()


def changed(change: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """What to answer to a state change, and the status."""
    consumer, name, action = change.get("consumer"), change.get("state") or "", change.get("action") or "setup"
    if action == "setup" and change.get("first", True):
        base()
    known = [key for key in handlers if consumer in {None, key[0]} and key[1:] == (name, action)]
    handler = handlers[known[0]] if known else None
    if handler is None and (not name or action == "teardown"):
        return {}, 200
    if handler is None:
        return {"error": f"no handler for the provider state {name!r} of {consumer}"}, 404
    try:
        return handler(change.get("params") or {}) or {}, 200
    except NotImplementedError as error:
        return {"error": str(error)}, 404


states = APIRouter()


@states.post("/_pact/states")
def change(body: dict[str, Any], response: Response) -> dict[str, Any]:
    values, response.status_code = changed(body)
    return values


@state("Go Shop", "product 10 exists")
def product_10_exists(params: dict[str, Any]) -> dict[str, Any] | None:
    # a request for product 10
    products["10"] = Product(id="10", name="Kettle", price=12.5)


@state("Go Shop", "product 99 does not exist")
def product_99_does_not_exist(params: dict[str, Any]) -> dict[str, Any] | None:
    # a request for product 99, which is not there
    products.pop("99", None)
