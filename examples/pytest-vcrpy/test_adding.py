from pathlib import Path

from shop import add
from vcr import VCR

recorder = VCR(cassette_library_dir=str(Path(__file__).parent / "cassettes"), record_mode="none")


def test_adds_a_product():
    with recorder.use_cassette("added.yaml"):
        assert add("Desk") == {"id": "12", "name": "Desk"}
