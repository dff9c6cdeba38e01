"""What a UUID looks like (RFC 9562), in either case."""

from __future__ import annotations

UUID_REGEX = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
"""For Python, and for the Ruby, Java and Rust of the Pact tools."""
