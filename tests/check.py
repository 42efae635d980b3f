"""The one check that people, pre-commit and CI run. It runs everything, side by side, and reports everything."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

BIN = Path(sys.executable).parent
NOTEBOOKS = [str(path) for folder in ("forms", "notebooks", "reports") for path in sorted(Path(folder).glob("*.ipynb"))]
CHECKS = {  # the longest first, so that no core waits at the end
    "types": ["mypy"],
    "who sees what (the matrix)": ["pytest", "-q", "tests/test_matrix.py"],
    "guarantees are proved": ["python", "-m", "tests.security_doc", "--check"],
    "spelling": ["codespell", "custinfo", "tests", "docs", "README.md", "CHANGELOG.md", "CONTRIBUTING.md"],
    "architecture": ["lint-imports"],
    "lint": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "notebooks hold no output": ["nbstripout", "--keep-id", "--verify", *NOTEBOOKS],
}


def main() -> None:
    """Exit 0 when all checks pass, 1 otherwise."""
    failed = []
    with ThreadPoolExecutor(os.cpu_count()) as cores:
        running = {cores.submit(_run, command): name for name, command in CHECKS.items()}
        for one in as_completed(running):
            done, name = one.result(), running[one]
            print(f"{'ok  ' if done.returncode == 0 else 'FAIL'} {name}", flush=True)
            if done.returncode:
                failed.append(name)
                print(done.stdout + done.stderr)
    if failed:
        sys.exit(f"{len(failed)} of {len(CHECKS)} checks failed: {', '.join(failed)}")


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BIN / command[0], *command[1:]], check=False, capture_output=True, text=True)


if __name__ == "__main__":
    main()
