"""Finds what the addresses of recorded requests have in common: base paths, and segments that are ids."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile

from interceptor.values.mask import MASK
from interceptor.values.uuids import UUID_REGEX

_API_SEGMENT = re.compile(r"api|rest|v\d+(\.\d+)*", re.IGNORECASE)
_PLAIN = re.compile(r"[\w.~-]+", re.ASCII)
_ID = re.compile(
    rf"""\d+
      | {UUID_REGEX}
      | (?=.*\d)[0-9a-fA-F]{{12,}}
      | [A-Za-z]+_(?=.*\d)[A-Za-z0-9]+
      | (?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_-]{{20,}}
    """,
    re.VERBOSE,
)
_SPECIAL = re.compile(r"[\\:*()]")


def base_path(paths: Iterable[str]) -> str:
    """The base path of an API: what all paths begin with, up to a segment such as `api` or `v1`.

    `["/shop/v1/products", "/shop/v1/orders/7"]` -> `"/shop/v1"`
    """
    first, *others = [path.split("/")[1:] for path in paths]
    common = [segment for at, segment in enumerate(first) if all(first[: at + 1] == each[: at + 1] for each in others)]
    plain = list(takewhile(_PLAIN.fullmatch, common))
    depth = max((at for at, segment in enumerate(plain, 1) if _API_SEGMENT.fullmatch(segment)), default=0)
    return "".join(f"/{segment}" for segment in plain[:depth])


def literal(path: str) -> str:
    """The pattern that takes only this path."""
    return _SPECIAL.sub(r"\\\g<0>", path) or "/"


def template(path: str) -> tuple[str, dict[str, str]]:
    """The pattern of a path with its ids as parameters, and their values.

    `"/products/10/reviews/7"` -> `("/products/:product_id/reviews/:id", {"product_id": "10", "id": "7"})`
    """
    segments = path.split("/")
    places = [at for at, segment in enumerate(segments) if _ID.fullmatch(segment) or MASK in segment]
    params: dict[str, str] = {}
    pieces = [literal(segment) if segment else "" for segment in segments]
    for at in places:
        name = "id" if at == places[-1] else _name(segments[at - 1], params)
        params[name] = segments[at]
        pieces[at] = f":{name}"
    return "/".join(pieces) or "/", params


def _name(owner: str, taken: Iterable[str]) -> str:
    """`products` -> `product_id`"""
    bare = re.sub(r"\W", "_", owner.removesuffix("s"))
    name = f"{bare}_id" if re.match(r"[A-Za-z_]", bare) else "parent_id"
    return name if name not in taken else f"{name}_{len(list(taken)) + 1}"
