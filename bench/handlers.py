"""What many handlers cost: the last one of each kind is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.load import ANSWER, Load, Sample, measure
from bench.pairs import tell
from bench.peers import Running, interceptor, running
from bench.report import rate_cells, spread, table
from bench.scale import Scale

_CONNECTIONS = 8
_PROJECT = "consumer: Bench\nproviders: {Product API: {url: 'http://api.example.com'}}\nhandlers: handlers.yaml\n"
_COLUMNS = ["kind", "handlers of each kind", "requests/s", "p50 / p99 ms", "ratio"]
_STARTS = ["handlers of each kind", "all handlers", "from the start to the first answer, s"]


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of handlers: how the one of a number is written, and the request for it."""

    name: str
    handler: Callable[[int], str]
    path: Callable[[int], str]
    body: Callable[[int], bytes] = lambda _: b""


_KINDS = (
    _Kind("different paths", lambda n: f"GET /static/{n}", lambda n: f"/static/{n}?number=%d"),
    _Kind(
        "different paths with a parameter",
        lambda n: f"GET /kinds/{n}/items/:id",
        lambda n: f"/kinds/{n}/items/10?number=%d",
    ),
    _Kind(
        "one path, different JSON bodies",
        lambda n: f"{{method: POST, path: /orders, json: {{order: {{number: {n}}}}}}}",
        lambda _: "/orders?number=%d",
        lambda n: b'{"order":{"number":%d}}' % n,
    ),
)


@dataclass(frozen=True, slots=True)
class _Side:
    """A project under way: how many handlers of each kind it has."""

    count: int
    running: Running


def report(scale: Scale, folder: Path) -> str:
    with ExitStack() as stack:
        sides = []
        for count in scale.handlers:
            tell(f"{count:,} handlers of each kind")
            place, kind = folder / f"handlers {count}", _KINDS[0]
            started = running(interceptor(_project(count, place)), place, kind.path(count))
            sides.append(_Side(count, stack.enter_context(started)))
        rows = [row for kind in _KINDS for row in _rows(kind, sides, scale)]
    starts = [[f"{side.count:,}", f"{side.count * len(_KINDS):,}", f"{side.running.ready_after:.1f}"] for side in sides]
    return f"{_INTRODUCTION}\n{table(_COLUMNS, rows)}\n\n{table(_STARTS, starts)}\n"


def _rows(kind: _Kind, sides: Sequence[_Side], scale: Scale) -> list[list[str]]:
    tell(f"many handlers: {kind.name}")
    load = Load(_CONNECTIONS, scale.seconds)
    rounds = [_round(kind, sides, load, backwards=bool(number % 2)) for number in range(scale.pairs + 1)][1:]
    rows = []
    for index, side in enumerate(sides):
        ratios = spread(samples[0].rate / samples[index].rate for samples in rounds)
        cells = rate_cells([samples[index] for samples in rounds])
        rows.append([kind.name, f"{side.count:,}", *cells, ratios if index else ""])
    return rows


def _round(kind: _Kind, sides: Sequence[_Side], load: Load, *, backwards: bool) -> list[Sample]:
    """All sides once, from the fewest handlers to the most or the other way round."""
    samples = []
    for side in reversed(sides) if backwards else sides:
        target = side.running.target(path=kind.path(side.count), body=kind.body(side.count))
        samples.append(measure(target, load))
    return samples[::-1] if backwards else samples


def _project(count: int, place: Path) -> Path:
    source = place / "source"
    source.mkdir(parents=True)
    answer = f"    response: {{json: {ANSWER.decode()}}}"
    requests = (kind.handler(number) for kind in _KINDS for number in range(1, count + 1))
    handlers = "\n".join(f"  - request: {request}\n{answer}" for request in requests)
    (source / "handlers.yaml").write_text(f"provider: Product API\nhandlers:\n{handlers}\n", encoding="utf-8")
    (source / "interceptor.yaml").write_text(_PROJECT, encoding="utf-8")
    return source


_INTRODUCTION = f"""## Many handlers

Each project has one file with the same number of handlers of each of three kinds; the projects are measured in turn.
The requests match the last handler of a kind, over {_CONNECTIONS} kept plain connections.
Each has a new query, so that none is repeated.
The ratio compares the time of a request with the time in the smallest project.
"""
