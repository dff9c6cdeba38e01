"""Variables of a command that the run and the tests within it agree on."""

CONTROL_VARIABLE = "INTERCEPTOR_URL"
"""The control address."""
DROPPED_VARIABLES = ("ALL_PROXY", "all_proxy")
"""A SOCKS proxy in them would win over ours in some clients."""
