"""The server that clients talk to, and mitmproxy behind it."""
