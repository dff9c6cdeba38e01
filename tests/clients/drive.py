"""Runs the clients' programs beside each other: `drive.py PLAN`, JSON of `[[name, word, ...], ...]`; never fails."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path


def run(program):
    name, *words = program
    with Path(f"{name}.txt").open("w") as said, suppress(subprocess.TimeoutExpired):
        subprocess.run(words, stdout=said, stderr=subprocess.STDOUT, check=False, timeout=180)


with ThreadPoolExecutor(2) as pool:
    list(pool.map(run, json.loads(sys.argv[1])))
