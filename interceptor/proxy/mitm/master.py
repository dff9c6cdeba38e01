"""mitmproxy's master, and the three addons that are needed here.

Its package `mitmproxy.addons` imports every addon there is, which nearly doubles the time until the proxy answers.
While these are imported, an empty package stands in its place.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec, module_from_spec

_PACKAGE = "mitmproxy.addons"

_spec = find_spec(_PACKAGE)
_instead = _PACKAGE not in sys.modules
assert _spec is not None
if _instead:
    sys.modules[_PACKAGE] = module_from_spec(_spec)
try:
    from mitmproxy.addons.next_layer import NextLayer
    from mitmproxy.addons.proxyserver import Proxyserver
    from mitmproxy.addons.tlsconfig import TlsConfig
    from mitmproxy.master import Master
finally:
    if _instead:
        del sys.modules[_PACKAGE]  # whoever asks for the package itself later gets the real one

__all__ = ["Master", "NextLayer", "Proxyserver", "TlsConfig"]
