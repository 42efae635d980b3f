"""Every benchmark, one after the other; each prints JSON lines with a ratio against a named peer from one run.

Each runs with the size that it has by itself, for which a person can wait some minutes. Larger ones are asked for one by
one: `python -m tests.bench.bench_analysis 10000000 100000000`, `python -m tests.bench.bench_lake 10000000`.
"""

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
