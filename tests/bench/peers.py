"""The environment of the peers: one of its own, so that their needs do not bend ours."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-bench/bin/python"


def make() -> Path:
    """Makes the environment when it is missing or older than its lock; returns its Python."""
    lock, mark = Path(__file__).with_name("requirements.lock"), ROOT / ".venv-bench/.ready"
    if not mark.exists() or mark.stat().st_mtime < lock.stat().st_mtime:
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([sys.executable, "-m", "venv", mark.parent], check=True)
        subprocess.run([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", PYTHON, lock], check=True)
        mark.touch()
    return PYTHON
