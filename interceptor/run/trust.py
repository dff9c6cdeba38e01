"""The project's own certificate authority, and the bundles that make a command trust it.

The authority lives in `.interceptor/` under the names that mitmproxy's `confdir` expects. Every run gets a directory
of its own with the bundles, so that runs which start at once never see half a file; it keeps the authority in memory.
"""

from __future__ import annotations

import os
import shutil
import ssl
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import certifi

from interceptor.project.state_dir import make_state_dir
from interceptor.values.errors import UsageError
from interceptor.values.locks import locked

AUTHORITY_FILE = "mitmproxy-ca.pem"
"""Key and certificate; the name is mitmproxy's."""
CERTIFICATE_FILE = "mitmproxy-ca-cert.pem"
"""The certificate alone, for clients that are told by hand whom to trust."""

_HOSTS_FILE = "mitmproxy-ca-hosts.txt"
"""Whom the authority may vouch for, one host a line; nothing for everybody."""
TRUST_VARIABLES = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
    "AWS_CA_BUNDLE",
    "PIP_CERT",
    "NIX_SSL_CERT_FILE",
)
"""Where a machine says whom it trusts; what is found there is trusted under the proxy too."""

SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # macOS, Alpine
)
_RUN = "run-"
_MARGIN = timedelta(days=7).total_seconds()
"""Renew this early, so that a proxy that runs for days does not outlive its authority."""
_EC_KEY = b"-----BEGIN EC PRIVATE KEY-----"
_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority as PEM texts."""

    key: bytes
    certificate: bytes


@dataclass(frozen=True, slots=True)
class TrustFiles:
    """What one run lays out for its command and for mitmproxy; gone when the run is over."""

    confdir: Path
    """mitmproxy's configuration directory."""
    bundle: Path
    """Public authorities, the machine's own, and ours."""
    additional: Path
    """Ours, and what the user already added to the public ones for Node."""
    authority: bytes = field(repr=False)
    """Key and certificate as PEM; no file of the run has them, as a killed run would leave it behind."""

    @contextmanager
    def with_authority(self) -> Iterator[Path]:
        """mitmproxy's configuration directory with the authority in it, for as long as mitmproxy takes to read that."""
        file = self.confdir / AUTHORITY_FILE
        try:
            _write(file, self.authority, mode=0o600)
            yield self.confdir
        finally:
            file.unlink(missing_ok=True)


def permitted_hosts(hosts: Iterable[str]) -> tuple[str, ...] | None:
    """The hosts that an authority has to vouch for: `{"*.example.com", "[::1]"}` -> `("::1", "example.com")`.

    None where a pattern leaves no name, so that it has to vouch for everybody.
    """
    found = set()
    for host in hosts:
        _, star, below = host.rpartition("*")
        name = (below.partition(".")[2] if star else host).strip("[]").lower()
        if not name:
            return None
        found.add(name)
    return tuple(sorted(found))


def ensure_authority(state_dir: Path, hosts: Sequence[str] | None = None) -> Authority:
    """The project's authority; made when there is none, renewed when it is broken, about to expire or for other hosts.

    Args:
        state_dir: where it is kept.
        hosts: whom it may vouch for, as `permitted_hosts` gives them; None for everybody.

    Raises:
        UsageError: where the directory cannot be written.
    """
    try:
        make_state_dir(state_dir)
        with locked(state_dir):  # runs that start at once must agree on one authority
            listed, hosts_file = "".join(f"{host}\n" for host in hosts or ()), state_dir / _HOSTS_FILE
            authority = _load(state_dir / AUTHORITY_FILE)
            if authority is None or not hosts_file.is_file() or hosts_file.read_text(encoding="utf-8") != listed:
                from interceptor.run.authority import new_authority  # noqa: PLC0415  # slow, and seldom needed

                hosts_file.unlink(missing_ok=True)  # none until the new authority is there
                authority = Authority(*new_authority(hosts))
                _write(state_dir / AUTHORITY_FILE, authority.key + authority.certificate, mode=0o600)
                _write(hosts_file, listed.encode(), mode=0o644)
            certificate = state_dir / CERTIFICATE_FILE
            if not certificate.is_file() or certificate.read_bytes() != authority.certificate:
                _write(certificate, authority.certificate, mode=0o644)
            return authority
    except OSError as error:
        message = f"cannot keep a certificate authority in {state_dir}: {error.strerror}"
        raise UsageError(message, "make the folder writable for the user who runs the tests") from error


@contextmanager
def trust_files(authority: Authority, state_dir: Path, environ: Mapping[str, str]) -> Iterator[TrustFiles]:
    """The files of one run, in a directory of its own that is removed at the end.

    Args:
        authority: ours.
        state_dir: the project's folder for such things.
        environ: the variables of the user, which say what this machine trusts beyond the public authorities.

    Raises:
        UsageError: where the files cannot be written.
    """
    in_use = ExitStack()
    with locked(state_dir):
        _sweep(state_dir)
        directory = Path(tempfile.mkdtemp(prefix=_RUN, dir=state_dir))
        in_use.enter_context(locked(directory))
    files = TrustFiles(
        directory, directory / "ca-bundle.pem", directory / "ca-additional.pem", authority.key + authority.certificate
    )
    try:
        _lay_out(files, authority, environ)
        yield files
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        in_use.close()


def _lay_out(files: TrustFiles, authority: Authority, environ: Mapping[str, str]) -> None:
    known = [certifi.where(), *SYSTEM_BUNDLES, *_default_locations()]
    named = [environ[name] for name in TRUST_VARIABLES if environ.get(name)]
    extra = environ.get("NODE_EXTRA_CA_CERTS", "")
    try:
        _write(files.bundle, _bundle(authority.certificate, [*known, *named]), mode=0o644)
        _write(files.additional, _bundle(authority.certificate, [extra] if extra else []), mode=0o644)
    except OSError as error:
        message = f"cannot write the certificates of this run into {files.confdir}: {error.strerror}"
        raise UsageError(message, "free some space, or make the folder writable") from error


def _sweep(state_dir: Path) -> None:
    """Remove what killed runs left behind: their directories, which are no longer locked."""
    for directory in state_dir.glob(f"{_RUN}*"):
        with suppress(OSError), locked(directory, wait=False):  # an error: in use, or just going
            shutil.rmtree(directory, ignore_errors=True)


def _default_locations() -> list[str]:
    paths = ssl.get_default_verify_paths()
    return [path for path in (paths.openssl_cafile,) if path]


def _bundle(ours: bytes, sources: Iterable[str]) -> bytes:
    """Every certificate of the sources once, ours first; sources that cannot be read add nothing."""
    seen = dict.fromkeys(certificates(ours))
    for source in dict.fromkeys(map(Path, sources)):
        with suppress(OSError):
            for file in sorted(source.iterdir()) if source.is_dir() else [source]:
                with suppress(OSError):
                    seen |= dict.fromkeys(certificates(file.read_bytes()))
    return b"\n".join(seen) + b"\n"


def certificates(text: bytes) -> Iterator[bytes]:
    """The certificates in a PEM text, line breaks unified."""
    for piece in text.replace(b"\r\n", b"\n").split(_BEGIN)[1:]:
        inner, end, _ = piece.partition(_END)
        if end:
            yield _BEGIN + inner + end


def _load(path: Path) -> Authority | None:
    """The authority in a file, or None where it is missing, damaged, mismatched or too old."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        text = path.read_bytes()
        context.load_cert_chain(path, password="")  # refuses a key that does not fit
        context.load_verify_locations(cadata=text.decode("ascii"))
    except (OSError, ValueError):
        return None
    certificates = context.get_ca_certs()
    if len(certificates) != 1 or not text.startswith(_EC_KEY):
        return None
    known: Any = certificates[0]
    begins, ends = (ssl.cert_time_to_seconds(known[key]) for key in ("notBefore", "notAfter"))
    if known["subject"] != known["issuer"] or not begins <= datetime.now(UTC).timestamp() < ends - _MARGIN:
        return None
    path.chmod(0o600)
    key, begin, rest = text.partition(_BEGIN)
    return Authority(key, begin + rest)


def end_of(authority: Authority) -> datetime:
    """Until when an authority may vouch for hosts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=authority.certificate.decode("ascii"))
    known: Any = context.get_ca_certs()[0]
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(known["notAfter"]), UTC)


def _write(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file at once and with its final permissions: nobody sees half of it, or reads a key."""
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
