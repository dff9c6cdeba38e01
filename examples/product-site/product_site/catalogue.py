"""The catalogue: products behind a token."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Self

import httpx

CATALOGUE_URL = os.environ.get("CATALOGUE_URL", "https://api.example.com/v1")


class UnknownProductError(LookupError):
    """The catalogue has no product of that id."""


class NotAllowedError(PermissionError):
    """The catalogue wants a token."""


@dataclass(frozen=True)
class Product:
    id: str
    name: str
    price: float
    tags: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, member: dict[str, Any]) -> Self:
        return cls(member["id"], member["name"], member["price"], tuple(member["tags"]))


class Catalogue:
    def __init__(self, token: str | None, url: str = CATALOGUE_URL) -> None:
        headers = {"accept": "application/json"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        self._http = httpx.Client(base_url=url, headers=headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def products(self) -> list[Product]:
        return [Product.from_json(member) for member in self._call("GET", "/products").json()]

    def search(self, *tags: str) -> list[Product]:
        """The products that carry all of these tags."""
        answer = self._call("GET", "/products", params={"tag": tags})
        return [Product.from_json(member) for member in answer.json()]

    def product(self, product_id: str) -> Product:
        return Product.from_json(self._call("GET", f"/products/{product_id}").json())

    def add(self, name: str, price: float) -> Product:
        return Product.from_json(self._call("POST", "/products", json={"name": name, "price": price}).json())

    def remove(self, product_id: str) -> None:
        self._call("DELETE", f"/products/{product_id}")

    def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer = self._http.request(method, path, **options)
        if answer.status_code == 401:
            raise NotAllowedError(answer.json()["error"])
        if answer.status_code == 404:
            raise UnknownProductError(answer.json()["error"])
        return answer.raise_for_status()
