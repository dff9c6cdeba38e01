"""The variables under which a command runs: they send it to the proxy and make it trust the proxy's certificates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from interceptor.run.reach.means import Means
from interceptor.run.trust import TrustFiles
from interceptor.values.variables import CONTROL_VARIABLE, DROPPED_VARIABLES

LOOPBACK = ("localhost", "127.0.0.1", "::1")

BUNDLE_VARIABLES = (
    "SSL_CERT_FILE",  # OpenSSL and what is built on it: Python, Ruby, curl, Go, Elixir, rustls-native-certs
    "REQUESTS_CA_BUNDLE",  # requests (Python)
    "CURL_CA_BUNDLE",  # curl, requests
    "GIT_SSL_CAINFO",  # git
    "AWS_CA_BUNDLE",  # AWS command line and SDKs
    "PIP_CERT",  # pip
    "CARGO_HTTP_CAINFO",  # cargo
    "DENO_CERT",  # Deno
    "HTTPLIB2_CA_CERTS",  # httplib2 (Google's Python clients)
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",  # gRPC's C core
    "NIX_SSL_CERT_FILE",  # programs built by Nix
    "BUNDLE_SSL_CA_CERT",  # Bundler (Ruby)
    "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",  # gcloud
    "PERL_LWP_SSL_CA_FILE",  # LWP (Perl)
    "HEX_CACERTS_PATH",  # hex (Elixir)
)
"""Each takes the place of its reader's own authorities, so the file holds the public ones too."""

ADDITIONAL_VARIABLES = (
    "NODE_EXTRA_CA_CERTS",  # Node adds these to its built-in authorities
)

_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY")


def child_environment(
    environ: Mapping[str, str],
    *,
    proxy_url: str,
    trust: TrustFiles,
    control_url: str,
    base_urls: Mapping[str, str],
    bypassed: Iterable[str],
    means: Iterable[Means] = (),
) -> dict[str, str]:
    """The variables of the command: the user's own with ours on top.

    Args:
        environ: the user's variables.
        proxy_url: `http://127.0.0.1:41873`.
        trust: the files of this run.
        control_url: where tests can speak to the proxy.
        base_urls: variable name to base URL, for the providers that ask for one.
        bypassed: the hosts that need not pass the proxy.
        means: what leads clients to us that read none of the above.
    """
    child = {name: value for name, value in environ.items() if name not in DROPPED_VARIABLES}
    for name in _PROXY_VARIABLES:
        child[name] = child[name.lower()] = proxy_url
    child["NO_PROXY"] = child["no_proxy"] = ",".join(bypassed)
    child["NODE_USE_ENV_PROXY"] = "1"  # Node from 22.21 and 24 on reads the proxy variables when told to
    child.update(dict.fromkeys(BUNDLE_VARIABLES, str(trust.bundle)))
    child.update(dict.fromkeys(ADDITIONAL_VARIABLES, str(trust.additional)))
    for each in means:
        child.update(each.variables)
    child[CONTROL_VARIABLE] = control_url
    child.update(base_urls)
    return child


def bypassed(owned_hosts: Iterable[str]) -> tuple[str, ...]:
    """The loopback names that need not pass the proxy: none where one is owned, as some clients hold them equal.

    The user's own exemptions are not among them: a provider may be behind one, and the proxy honours them itself.

    Args:
        owned_hosts: hosts of providers and handlers, or patterns.
    """
    owned = [host.strip("[]").lower() for host in owned_hosts]
    if any(fnmatchcase(name, host) or host.endswith(f".{name}") for host in owned for name in LOOPBACK):
        return ()
    return LOOPBACK
