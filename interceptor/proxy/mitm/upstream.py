"""Requests that pass go through the proxies of the user's network, each by the way that the user's variables say."""

from __future__ import annotations

import re

from mitmproxy import http
from mitmproxy.net.http import url
from mitmproxy.proxy import layer
from mitmproxy.proxy.layers.http import HttpLayer, HTTPMode
from mitmproxy.proxy.mode_specs import UpstreamMode

from interceptor.run.upstream import ProxyAddress, Upstream

_CONNECT = re.compile(rb"CONNECT (\S+):(\d+) HTTP/")


class UpstreamAddon:
    """Chooses the way per request; mitmproxy's upstream mode alone knows one proxy and no exceptions."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    @staticmethod
    def mode(upstream: Upstream) -> str:
        """The mode of the proxy's own door.

        In upstream mode mitmproxy asks a proxy for plain URLs as RFC 9112 (section 3.2.2) has it, where regular mode
        would tunnel; many proxies refuse tunnels to port 80.
        """
        proxy = upstream.https or upstream.http
        if proxy is None:
            return "regular"
        host = f"[{proxy.host}]" if ":" in proxy.host else proxy.host
        return f"upstream:{proxy.scheme}://{host}:{proxy.port}"

    def next_layer(self, nextlayer: layer.NextLayer) -> None:
        """Tunnels that need no proxy must be known from their first line on."""
        context = nextlayer.context
        if not isinstance(context.client.proxy_mode, UpstreamMode) or len(context.layers) != 1:
            return
        match = _CONNECT.match(nextlayer.data_client())
        if match and self._upstream.route("https", match[1].decode("latin-1"), int(match[2])) is None:
            nextlayer.layer = HttpLayer(context, HTTPMode.regular)

    def request(self, flow: http.HTTPFlow) -> None:
        if flow.response is not None or flow.error is not None:
            return
        request = flow.request
        proxy = self._upstream.route(request.scheme, request.host, request.port)
        flow.server_conn.via = None if proxy is None else (proxy.scheme, (proxy.host, proxy.port))
        if proxy is None or request.scheme == "https":
            request.authority = ""
            return
        request.authority = url.hostport(request.scheme, request.host, request.port)
        _authorize(request, proxy)

    def http_connect_upstream(self, flow: http.HTTPFlow) -> None:
        proxy = self._upstream.route("https", flow.request.host, flow.request.port)
        if proxy is not None:
            _authorize(flow.request, proxy)


def _authorize(request: http.Request, proxy: ProxyAddress) -> None:
    if proxy.authorization is not None:
        request.headers["proxy-authorization"] = proxy.authorization
