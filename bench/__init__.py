"""How fast the proxy is, beside a plain mitmdump that answers the same from three lines of Python."""
