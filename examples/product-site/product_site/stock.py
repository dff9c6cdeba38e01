"""The stock: an older service, over plain http, with forms."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime

import httpx

STOCK_URL = os.environ.get("STOCK_URL", "http://stock.example.com")
TRIES = 3


@dataclass(frozen=True)
class Reservation:
    id: str
    until: datetime


def available(product_id: str) -> int:
    """How many of a product there are; asks again while the service is busy."""
    for _ in range(TRIES):
        answer = httpx.get(f"{STOCK_URL}/stock/{product_id}")
        if answer.status_code != 503:
            break
    count: int = answer.raise_for_status().json()["count"]
    return count


def reserve(product_id: str, count: int) -> Reservation:
    answer = httpx.post(f"{STOCK_URL}/reservations", data={"product": product_id, "count": str(count)})
    reservation = answer.raise_for_status().json()
    return Reservation(reservation["reservation"], datetime.fromisoformat(reservation["until"]))
