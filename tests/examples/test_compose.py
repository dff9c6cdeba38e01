"""The containers of the example, as processes: what the services say to each other is what the file says."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.proxy.live import PATIENCE, clean_environment, serve

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "examples" / "compose.yaml"
TOKEN = "a-token-of-the-tests"


@pytest.fixture(scope="module")
def services():
    text = re.sub(r"\$\{INTERCEPTOR_TOKEN[^}]*\}", TOKEN, COMPOSE.read_text())
    return yaml.safe_load(text)["services"]


def test_the_consumer_is_answered_as_its_service_is_set_up(tmp_path, services):
    project = shutil.copytree(
        ROOT / "examples" / "product-site", tmp_path / "project", ignore=shutil.ignore_patterns(".interceptor")
    )
    environ = {**clean_environment(), **services["interceptor"]["environment"]}
    consumer = services["consumer"]
    with serve(project, environ, "--host", "127.0.0.2") as proxy:
        variables = {
            name: value.replace("interceptor:41873", f"127.0.0.2:{proxy.port}").replace("/project/", f"{project}/")
            for name, value in consumer["environment"].items()
        }
        got = subprocess.run(
            ["curl", *consumer["command"]],
            env={**clean_environment(), **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert '"name":"Kettle"' in got.stdout, got.stderr
        control = ["curl", "--fail", "--silent", f"{variables['INTERCEPTOR_URL']}/summary"]
        assert subprocess.run(control, env=clean_environment(), check=False, timeout=PATIENCE).returncode == 0
