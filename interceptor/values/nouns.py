"""English words made of identifiers."""

from __future__ import annotations

import re


def words(name: str) -> str:
    """`orderItems`, `order-items` -> `order items`"""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return " ".join(re.sub(r"[^\w]|_", " ", spaced).lower().split())


def singular(text: str) -> str:
    """`order categories` -> `order category`"""
    for ending, becomes in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")):
        if text.endswith(ending):
            return text.removesuffix(ending) + becomes
    return text if not text.endswith("s") or text.endswith(("ss", "us", "is", "news")) else text[:-1]
