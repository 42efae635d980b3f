"""The environment of the peers: one of its own, so that their needs do not bend ours."""

import hashlib
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-bench/bin/python"
WEB_FORMS = "@getodk/xforms-engine@0.22.0"
WEB_FORMS_SHA512 = (
    "092a559ebb4d5a121a0ac8aff126e5c0913d2e5f25d9b87eef825551cd760913"
    "fa73dd0eda7a33b5876044f1dbc7d68aa0036bf83d20c62db7abe21876ee96cd"
)


def make() -> Path:
    """Makes the environment when it is missing or older than its lock; returns its Python."""
    lock, mark = Path(__file__).with_name("requirements.lock"), ROOT / ".venv-bench/.ready"
    if not mark.exists() or mark.stat().st_mtime < lock.stat().st_mtime:
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([sys.executable, "-m", "venv", mark.parent], check=True)
        subprocess.run([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", PYTHON, lock], check=True)
        mark.touch()
    return PYTHON


def web_forms() -> Path:
    """The folder of ODK Web Forms' engine, fetched with npm when it is missing. Exits with what is missing, or wrong."""
    make()
    folder = ROOT / ".venv-bench/web-forms"
    if not (folder / "package").exists():
        npm = shutil.which("npm")
        if npm is None:
            sys.exit("npm is missing: it fetches the engine of ODK Web Forms (Debian: apt install npm)")
        folder.mkdir(exist_ok=True)
        done = subprocess.run([npm, "pack", WEB_FORMS], cwd=folder, check=True, capture_output=True, text=True)
        packed = folder / done.stdout.split()[-1]
        if hashlib.sha512(packed.read_bytes()).hexdigest() != WEB_FORMS_SHA512:
            sys.exit(f"{packed.name} is not the package that the benchmark was made with")
        with tarfile.open(packed) as archive:
            archive.extractall(folder, filter="data")
    return folder / "package"
