"""The page that shows what happens while `run` and `serve` go on."""

from __future__ import annotations

from interceptor.values.messages import Response


def live(consumer: str) -> Response:
    """The page, made when somebody asks for it."""
    from interceptor.report.page import live_page

    return live_page(consumer)
