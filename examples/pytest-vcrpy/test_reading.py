from pathlib import Path

from shop import product
from vcr import VCR

recorder = VCR(cassette_library_dir=str(Path(__file__).parent / "cassettes"), record_mode="none")


def test_reads_a_product():
    with recorder.use_cassette("product.yaml"):
        assert product("10") == {"id": "10", "name": "Lamp"}


def test_is_told_of_what_is_missing():
    with recorder.use_cassette("missing.yaml"):
        assert product("11") is None
