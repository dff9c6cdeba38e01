"""The flow files that mitmproxy writes (`mitmdump -w traffic.flow`), read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from mitmproxy import http
from mitmproxy.exceptions import FlowReadException
from mitmproxy.io import FlowReader

from interceptor.proxy.mitm.flows import request_of, response_of
from interceptor.values.damage import Damage
from interceptor.values.errors import RecordingError
from interceptor.values.exchange import ImportedExchange


def read_flows(path: Path, damages: list[Damage]) -> Iterator[ImportedExchange]:
    """The answered requests of a flow file; sockets, tunnels and broken connections are passed over.

    Raises:
        RecordingError: where the file cannot be read at all.
    """
    try:
        with path.open("rb") as file:
            for flow in FlowReader(file).stream():
                if isinstance(flow, http.HTTPFlow) and flow.response is not None and flow.websocket is None:
                    at = datetime.fromtimestamp(flow.request.timestamp_start, UTC).isoformat(timespec="milliseconds")
                    request, response = request_of(flow), response_of(flow.response)
                    yield ImportedExchange(request, response, at.replace("+00:00", "Z"))
    except OSError as error:
        raise RecordingError(f"cannot read the recording {path}: {error.strerror}", "check the path") from error
    except Exception as error:  # noqa: BLE001  # mitmproxy's reader trusts a file: a damaged one raises whatever comes
        said = str(error) if isinstance(error, FlowReadException) else f"{type(error).__name__}: {error}"
        damages.append(Damage(path, None, f"what follows could not be read as flows of mitmproxy: {said}"))
