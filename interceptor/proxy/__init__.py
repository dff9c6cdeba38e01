"""The only place that knows mitmproxy."""
