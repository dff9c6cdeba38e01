"""Perl: LWP reads the proxy variables when told to, and its older TLS library has a variable of its own."""

from __future__ import annotations

from interceptor.run.reach.means import Ground, Means


def perl(ground: Ground) -> Means:
    """PERL_LWP_SSL_CA_FILE is among the trust variables."""
    return Means("perl", {"PERL_LWP_ENV_PROXY": "1", "HTTPS_CA_FILE": str(ground.bundle)})
