"""Every benchmark, one after the other; each prints JSON lines with a ratio against a named peer from one run."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

if __name__ == "__main__":
    benches = sorted(HERE.glob("bench_*.py"))
    failed = [
        bench.name
        for bench in benches
        if subprocess.run([sys.executable, "-m", f"tests.bench.{bench.stem}"], cwd=ROOT, check=False).returncode
    ]
    if failed:
        sys.exit(f"could not run: {', '.join(failed)}")
