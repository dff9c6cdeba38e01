from __future__ import annotations

import ssl
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from interceptor.run.authority import Issuer
from interceptor.run.trust import AUTHORITY_FILE, CERTIFICATE_FILE, ensure_authority, permitted_hosts, trust_files
from interceptor.values.errors import UsageError
from tests.certificates import make_certificate


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return ensure_authority(tmp_path_factory.mktemp("authority") / ".interceptor")


@pytest.fixture
def state_dir(tmp_path):
    return tmp_path / ".interceptor"


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def holds(bundle, authority):
    return authority.certificate.strip() in bundle.read_bytes()


def test_the_authority_is_kept(state_dir):
    first = ensure_authority(state_dir)
    assert ensure_authority(state_dir) == first
    assert (state_dir / CERTIFICATE_FILE).read_bytes() == first.certificate


def test_nobody_else_reads_the_key_and_git_ignores_it(state_dir):
    ensure_authority(state_dir)
    assert (mode(state_dir), mode(state_dir / AUTHORITY_FILE)) == (0o700, 0o600)
    assert (state_dir / ".gitignore").read_text() == "*\n"


def test_rights_that_were_opened_are_closed_again(state_dir):
    ensure_authority(state_dir)
    (state_dir / AUTHORITY_FILE).chmod(0o644)
    ensure_authority(state_dir)
    assert mode(state_dir / AUTHORITY_FILE) == 0o600


@pytest.mark.parametrize("damage", [b"", b"not a key", None], ids=["empty", "nonsense", "half"])
def test_a_broken_authority_is_renewed(state_dir, damage):
    first = ensure_authority(state_dir)
    file = state_dir / AUTHORITY_FILE
    file.write_bytes(first.key if damage is None else damage)
    second = ensure_authority(state_dir)
    assert second != first
    assert file.read_bytes() == second.key + second.certificate


def test_a_key_that_does_not_fit_is_renewed(state_dir, authority):
    first = ensure_authority(state_dir)
    (state_dir / AUTHORITY_FILE).write_bytes(first.key + authority.certificate)
    assert ensure_authority(state_dir).key not in {first.key, authority.key}


def test_an_authority_with_a_key_of_another_kind_is_renewed(state_dir, tmp_path):
    state_dir.mkdir()
    certificate, key = make_certificate(tmp_path, rsa.generate_private_key(65537, 2048))
    (state_dir / AUTHORITY_FILE).write_bytes(key.read_bytes() + certificate.read_bytes())
    assert ensure_authority(state_dir).key.startswith(b"-----BEGIN EC PRIVATE KEY-----")


def test_an_authority_about_to_expire_is_renewed(state_dir, monkeypatch):
    first = ensure_authority(state_dir)
    expires = x509.load_pem_x509_certificate(first.certificate).not_valid_after_utc

    class Later:
        @staticmethod
        def now(_):
            return expires

    monkeypatch.setattr("interceptor.run.trust.datetime", Later)
    assert ensure_authority(state_dir) != first


def test_many_at_once_agree(state_dir):
    with ThreadPoolExecutor(4) as pool:
        authorities = set(pool.map(ensure_authority, [state_dir] * 4))
    assert len(authorities) == 1


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot keep a certificate authority in"):
        ensure_authority(tmp_path / "file" / ".interceptor")


def test_the_files_of_a_run_are_gone_afterwards(state_dir, authority):
    state_dir.mkdir()
    with trust_files(authority, state_dir, {}) as files:
        assert not (files.confdir / AUTHORITY_FILE).exists()
        with files.with_authority() as confdir:
            assert mode(confdir / AUTHORITY_FILE) == 0o600
        assert b"PRIVATE KEY" not in b"".join(file.read_bytes() for file in files.confdir.iterdir())
        assert mode(files.confdir) == 0o700
    assert list(state_dir.glob("run-*")) == []


def test_what_killed_runs_left_is_removed_and_nothing_else(state_dir, authority):
    (state_dir / "run-killed").mkdir(parents=True)
    with trust_files(authority, state_dir, {}) as first, trust_files(authority, state_dir, {}) as second:
        assert sorted(state_dir.glob("run-*")) == sorted([first.confdir, second.confdir])


def test_a_bundle_holds_the_public_authorities_and_ours(state_dir, authority):
    state_dir.mkdir()
    with trust_files(authority, state_dir, {}) as files:
        context = ssl.create_default_context(cafile=files.bundle)
        public = ssl.create_default_context(cafile=certifi.where())
        assert holds(files.bundle, authority)
        assert len(context.get_ca_certs()) > len(public.get_ca_certs())
        assert files.additional.read_bytes().strip() == authority.certificate.strip()


def test_what_the_machine_trusts_is_trusted_under_the_proxy(state_dir, authority, tmp_path):
    other = ensure_authority(tmp_path / "other")
    third = ensure_authority(tmp_path / "third")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "other.pem").write_bytes(other.certificate.replace(b"\n", b"\r\n"))
    extra = tmp_path / "extra.pem"
    extra.write_bytes(third.certificate)
    environ = {"REQUESTS_CA_BUNDLE": str(folder), "NODE_EXTRA_CA_CERTS": str(extra), "SSL_CERT_FILE": "/nowhere.pem"}
    state_dir.mkdir()
    with trust_files(authority, state_dir, environ) as files:
        assert all(holds(files.bundle, each) for each in (authority, other, third))
        assert holds(files.additional, third)
        assert not holds(files.additional, other)


def test_every_certificate_is_there_once(state_dir, authority):
    state_dir.mkdir()
    with trust_files(authority, state_dir, {"SSL_CERT_FILE": certifi.where(), "PIP_CERT": certifi.where()}) as files:
        blocks = files.bundle.read_bytes().split(b"-----END CERTIFICATE-----")[:-1]
    assert len({block.strip() for block in blocks}) == len(blocks)


def test_no_file_is_ever_half_written(state_dir):
    ensure_authority(state_dir)
    assert sorted(path.name for path in state_dir.iterdir()) == [
        ".gitignore",
        CERTIFICATE_FILE,
        "mitmproxy-ca-hosts.txt",
        AUTHORITY_FILE,
    ]


HOSTS = {
    "names": ({"api.example.com", "API.other.test"}, ("api.example.com", "api.other.test")),
    "addresses": ({"10.1.2.3", "[::1]"}, ("10.1.2.3", "::1")),
    "patterns": ({"*.example.com", "api-*.example.org"}, ("example.com", "example.org")),
    "anywhere": ({"*", "api.example.com"}, None),
    "a pattern without an end": ({"api*"}, None),
}


@pytest.mark.parametrize(("hosts", "permitted"), HOSTS.values(), ids=HOSTS)
def test_whom_the_authority_has_to_vouch_for(hosts, permitted):
    assert permitted_hosts(hosts) == permitted


def test_it_vouches_for_the_owned_hosts_for_a_year(state_dir):
    authority = ensure_authority(state_dir, ("10.1.2.3", "api.example.com"))
    certificate = x509.load_pem_x509_certificate(authority.certificate)
    constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert [str(each.value) for each in constraints.value.permitted_subtrees] == [
        *("localhost", "127.0.0.0/8", "::1/128", "10.1.2.3/32", "api.example.com"),
    ]
    assert timedelta(days=300) < certificate.not_valid_after_utc - datetime.now(UTC) < timedelta(days=366)
    assert ensure_authority(state_dir, ("10.1.2.3", "api.example.com")) == authority


def test_it_is_renewed_for_other_hosts(state_dir):
    first = ensure_authority(state_dir, ("api.example.com",))
    second = ensure_authority(state_dir, ("api.example.com", "other.example.com"))
    assert first != second
    assert ensure_authority(state_dir) != second


@pytest.mark.parametrize(
    ("host", "accepted"), [("api.client.test", True), ("bank.example", False), ("10.0.0.1", False)]
)
def test_clients_refuse_what_it_says_of_others(tmp_path, host, accepted):
    """With OpenSSL here; curl, Node, Go, GnuTLS, Ruby, PHP, Chromium and Firefox did the same, Java did not."""
    authority = ensure_authority(tmp_path / "state", ("api.client.test",))
    (tmp_path / "chain.pem").write_bytes(Issuer(authority.key + authority.certificate).issue(host))
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    server.load_cert_chain(tmp_path / "chain.pem")
    client.load_verify_locations(cadata=authority.certificate.decode())
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = server.wrap_bio(to_server, to_client, server_side=True)
    theirs = client.wrap_bio(to_client, to_server, server_hostname=host)
    refused = False
    for _ in range(4):
        for side in (theirs, ours):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLCertVerificationError:
                refused = True
            except ssl.SSLError:
                assert refused
    assert refused != accepted
