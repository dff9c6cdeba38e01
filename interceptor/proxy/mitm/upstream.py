"""Requests that pass go through the proxies of the user's network, each by the way that the user's variables say."""

from __future__ import annotations

from mitmproxy import http
from mitmproxy.net.http import url

from interceptor.run.upstream import ProxyAddress, Upstream


class UpstreamWay:
    """Chooses the way per request; mitmproxy's upstream mode alone knows one proxy and no exceptions."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    @property
    def mode(self) -> str:
        """The mode in which mitmproxy has to work.

        In upstream mode it asks a proxy for plain URLs as RFC 9112 (section 3.2.2) has it, where regular mode would
        tunnel; many proxies refuse tunnels to port 80.
        """
        proxy = self._upstream.https or self._upstream.http
        if proxy is None:
            return "regular"
        host = f"[{proxy.host}]" if ":" in proxy.host else proxy.host
        return f"upstream:{proxy.scheme}://{host}:{proxy.port}"

    def request(self, flow: http.HTTPFlow) -> None:
        if flow.response is None and flow.error is None and not flow.request.stream:
            self.choose(flow)

    def choose(self, flow: http.HTTPFlow) -> None:
        """Say which proxy the request takes, before it leaves."""
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
