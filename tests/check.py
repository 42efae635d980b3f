"""The one check that people, pre-commit and CI run. It runs everything and reports everything."""

import subprocess
import sys
from pathlib import Path

BIN = Path(sys.executable).parent
NOTEBOOKS = [str(path) for folder in ("forms", "notebooks", "reports") for path in sorted(Path(folder).glob("*.ipynb"))]
CHECKS = {
    "format": ["ruff", "format", "--check", "."],
    "lint": ["ruff", "check", "."],
    "types": ["mypy"],
    "architecture": ["lint-imports"],
    "notebooks hold no output": ["nbstripout", "--keep-id", "--verify", *NOTEBOOKS],
    "who sees what (the matrix)": ["pytest", "-q", "-n", "auto", "tests/test_matrix.py"],
    "guarantees are proved": ["python", "-m", "tests.security_doc", "--check"],
    "spelling": ["codespell", "custinfo", "tests", "docs", "README.md", "CHANGELOG.md", "CONTRIBUTING.md"],
}


def main() -> None:
    """Exit 0 when all checks pass, 1 otherwise."""
    failed = []
    for name, command in CHECKS.items():
        done = subprocess.run([BIN / command[0], *command[1:]], check=False, capture_output=True, text=True)
        print(f"{'ok  ' if done.returncode == 0 else 'FAIL'} {name}", flush=True)
        if done.returncode:
            failed.append(name)
            print(done.stdout + done.stderr)
    if failed:
        sys.exit(f"{len(failed)} of {len(CHECKS)} checks failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
