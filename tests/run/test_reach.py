"""What leads clients to the proxy that read no proxy variables, one means at a time."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from interceptor.project.config import Observe, Reach
from interceptor.run.reach.combined import laid_out
from interceptor.run.reach.means import PRELOADS, Ground
from interceptor.run.trust import ensure_authority, trust_files

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@pytest.fixture
def reach(tmp_path):
    """The variables of all means, for a user with certain variables."""
    authority = ensure_authority(tmp_path / "state")
    with trust_files(authority, tmp_path / "state", {}) as trust:

        def lay_out(settings=None, bypassed=LOOPBACK, **environ):
            ground = Ground(
                environ,
                trust.confdir,
                {"api.example.com:443": 5},
                ("*.example.com:443",),
                (41873, 3000),
                bypassed,
                trust.bundle,
                tmp_path / "state" / "mitmproxy-ca-cert.pem",
            )
            reached = laid_out(settings or Reach(), Observe(msw=False, nock=False, python=False), ground)
            return {name: value for each in reached.means for name, value in each.variables.items()}, reached

        yield lay_out


def test_the_preloads_are_told_the_doors_and_the_other_ports_of_ours(reach):
    variables, _ = reach()
    assert variables["INTERCEPTOR_DOORS"] == "api.example.com:443=5"
    assert variables["INTERCEPTOR_PATTERNS"] == "*.example.com:443"
    assert variables["INTERCEPTOR_PORTS"] == "41873 3000"
    assert b"BEGIN CERTIFICATE" in Path(variables["INTERCEPTOR_CA"]).read_bytes()


def test_what_the_user_has_set_is_kept(reach):
    variables, _ = reach(
        NODE_OPTIONS="--max-old-space-size=99",
        PYTHONPATH="/theirs",
        JAVA_TOOL_OPTIONS="-Dtheirs=1",
        PHP_INI_SCAN_DIR="/theirs",
    )
    assert variables["NODE_OPTIONS"] == f'--require "{PRELOADS}/interceptor.cjs" --max-old-space-size=99'
    assert variables["PYTHONPATH"] == f"{PRELOADS}{os.pathsep}/theirs"
    assert variables["JAVA_TOOL_OPTIONS"].startswith("-Dtheirs=1 -Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=41873 ")
    assert variables["PHP_INI_SCAN_DIR"].startswith(f"/theirs{os.pathsep}/")


def test_a_run_within_a_run_is_preloaded_once(reach):
    first, _ = reach()
    again, _ = reach(NODE_OPTIONS=first["NODE_OPTIONS"])
    assert again["NODE_OPTIONS"] == first["NODE_OPTIONS"]


def test_the_settings_of_wget_are_the_users_and_ours(reach, tmp_path):
    (tmp_path / ".wgetrc").write_text("tries = 1")
    (tmp_path / "named").write_text("tries = 2\n")
    homely, _ = reach(HOME=str(tmp_path))
    assert Path(homely["WGETRC"]).read_text().startswith("tries = 1\nca_certificate = /")
    named, _ = reach(HOME=str(tmp_path), WGETRC=str(tmp_path / "named"))
    assert Path(named["WGETRC"]).read_text().startswith("tries = 2\nca_certificate = /")


def test_what_is_written_is_for_the_user_alone(reach):
    _, reached = reach()
    files = [path for each in reached.means for path in each.files]
    assert {path.name: path.stat().st_mode & 0o777 for path in files} == {
        "authorities.jks": 0o600,
        "interceptor.ini": 0o600,
        "wgetrc": 0o600,
    }
    assert (files[0].parent / "php").stat().st_mode & 0o777 == 0o700


def test_a_means_that_is_switched_off_leaves_no_trace(reach):
    variables, reached = reach(Reach(node=False, python=False, java=False))
    assert not {"NODE_OPTIONS", "PYTHONPATH", "JAVA_TOOL_OPTIONS"} & variables.keys()
    assert reached.names == "php, perl, wget, browsers"


def test_a_means_whose_files_cannot_be_written_is_gone_without_and_named(reach, monkeypatch):
    monkeypatch.setattr(Path, "touch", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    variables, reached = reach()
    assert not {"WGETRC", "JAVA_TOOL_OPTIONS"} & variables.keys()
    assert "NODE_OPTIONS" in variables
    assert reached.problems[0] == "continuing without the settings for java: cannot write them: No space left on device"


@pytest.mark.parametrize("options", ["--permission", "--max-old-space-size=99 --experimental-permission"])
def test_a_node_that_may_read_nothing_of_ours_is_left_alone_and_named(reach, options):
    variables, reached = reach(NODE_OPTIONS=options)
    assert "NODE_OPTIONS" not in variables
    (problem,) = reached.problems
    assert problem.startswith("continuing without the settings for node: it may not read them, as NODE_OPTIONS has")
    variables, reached = reach(NODE_OPTIONS=f"{options} --allow-fs-read=*")
    assert variables["NODE_OPTIONS"].endswith(options + " --allow-fs-read=*")
    assert reached.problems == ()


def test_loopback_is_asked_of_the_proxy_once_it_is_owned(reach):
    java = reach()[0]["JAVA_TOOL_OPTIONS"]
    assert "-Dhttp.nonProxyHosts=localhost|127.*|[::1] " in java
    variables, _ = reach(bypassed=())
    assert "-Dhttp.nonProxyHosts= " in variables["JAVA_TOOL_OPTIONS"]
    assert variables["INTERCEPTOR_CHROMIUM_ARGS"].endswith(" --proxy-bypass-list=<-loopback>")


def test_browsers_are_given_the_hash_of_the_authoritys_key(reach):
    variables, _ = reach()
    certificate = x509.load_pem_x509_certificate(Path(variables["INTERCEPTOR_CA"]).read_bytes())
    key = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    expected = base64.b64encode(hashlib.sha256(key).digest()).decode()
    assert variables["INTERCEPTOR_SPKI"] == expected
    assert variables["INTERCEPTOR_CHROMIUM_ARGS"].split() == [
        "--proxy-server=http://127.0.0.1:41873",
        f"--ignore-certificate-errors-spki-list={expected}",
    ]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("keytool") is None, reason="there is no JDK here")
def test_javas_own_tool_reads_the_trust_store(reach):
    variables, _ = reach()
    store = variables["JAVA_TOOL_OPTIONS"].partition("trustStore=")[2].partition(" ")[0]
    words = ["keytool", "-list", "-keystore", store, "-storetype", "JKS", "-storepass", "changeit"]
    listed = subprocess.run(words, capture_output=True, text=True, check=True)
    entries = Path(variables["INTERCEPTOR_CA"]).parent.glob("run-*/ca-bundle.pem")
    assert f"contains {next(entries).read_text().count('BEGIN CERTIFICATE')} entries" in listed.stdout


# In the interpreters themselves ------------------------------------------------------------------------------------


def in_python(code, *options, **environ):
    done = subprocess.run(
        [sys.executable, *options, "-c", code],
        env={"PYTHONPATH": str(PRELOADS), **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def in_node(code, **environ):
    done = subprocess.run(
        ["node", "-e", code],
        env={"PATH": os.environ["PATH"], "NODE_OPTIONS": f"--require {PRELOADS}/interceptor.cjs", **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_the_users_own_sitecustomize_runs_too(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import os; os.environ['THEIRS'] = __file__")
    code = "import os, sitecustomize; print(os.environ['THEIRS'], sitecustomize.__file__)"
    path = os.pathsep.join([str(PRELOADS), str(tmp_path)])
    assert in_python(code, PYTHONPATH=path).split() == [str(tmp_path / "sitecustomize.py")] * 2


def test_python_imports_nothing_more_at_its_start():
    code = "import sys; print(sorted(sys.modules))"
    plain = set(eval(in_python(code, PYTHONPATH="")))
    assert set(eval(in_python(code, INTERCEPTOR_DOORS="api.example.com:443=5"))) - plain <= {"sitecustomize"}


def test_python_resolves_owned_addresses_to_their_doors_and_no_others():
    code = """
import json, socket
def resolve(*address):
    return socket.getaddrinfo(*address, socket.AF_INET, socket.SOCK_STREAM)[0][4]
print(json.dumps([resolve("API.example.com.", "https"), resolve(b"api.example.com", 443), resolve("127.0.0.1", 80)]))
"""
    resolved = json.loads(in_python(code, INTERCEPTOR_DOORS="api.example.com:443=5"))
    assert resolved == [["127.0.0.1", 5], ["127.0.0.1", 5], ["127.0.0.1", 80]]


def test_certifi_names_the_bundle_of_the_run_and_still_finds_its_own_files(tmp_path):
    (tmp_path / "bundle.pem").write_text("ours")
    code = "import certifi, importlib.resources as r; print(certifi.where(), certifi.contents()); r.files('certifi')"
    said = in_python(code, INTERCEPTOR_PORTS="1", SSL_CERT_FILE=str(tmp_path / "bundle.pem"))
    assert said.split() == [str(tmp_path / "bundle.pem"), "ours"]


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node here")
def test_node_leads_owned_addresses_to_their_doors_and_leaves_others_alone():
    code = """
const net = require('node:net');
const door = net.createServer((s) => s.end()).listen(0, '127.0.0.1', () => {
  const env = { ...process.env, INTERCEPTOR_DOORS: `api.example.com:443=${door.address().port}` };
  const script = `
    const net = require('node:net');
    const tell = function () { console.log(this.remotePort); this.destroy(); };
    net.connect(443, 'API.example.com', tell);
    net.connect(${door.address().port}, '127.0.0.1', tell);
  `;
  const words = ['-e', script];
  require('node:child_process').execFile(process.execPath, words, { env }, (error, out) => {
    console.log(JSON.stringify([door.address().port, out.trim().split('\\n').map(Number)]));
    door.close();
  });
});
"""
    port, reached = json.loads(in_node(code))
    assert reached == [port, port]
