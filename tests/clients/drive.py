"""Runs the clients' programs beside each other: `drive.py PLAN`, JSON of `[[name, word, ...], ...]`; never fails."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def run(program):
    name, *words = program
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    Path(f"{name}.txt").write_text(done.stdout + done.stderr)


with ThreadPoolExecutor(2) as pool:
    list(pool.map(run, json.loads(sys.argv[1])))
