"""Every benchmark, one after the other; each prints JSON lines with a ratio against a named peer from one run.

All sizes that a bar names are in it, which takes more than an hour on two cores. Single ones, and other sizes, are asked
for one by one: `python -m tests.bench.bench_analysis 100000 1000000`.
"""

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SIZES = {
    "bench_analysis": (["1000000", "10000000", "spark"], ["10000000", "100000000"]),
    "bench_duplicates": (["1000000", "2026", "first"], ["1000000", "2027", "other"]),
    "bench_lake": (["10000000"],),
    "bench_pages": (["1000000"],),
}
"""What is not asked with its own size alone."""


def run(bench: str, arguments: list[str]) -> bool:
    """Whether it came to its end; how long it took goes beside the lines."""
    begun = time.monotonic()
    done = subprocess.run([sys.executable, "-m", f"tests.bench.{bench}", *arguments], cwd=ROOT, check=False)
    print(f"{' '.join([bench, *arguments])}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return done.returncode == 0


if __name__ == "__main__":
    works = [
        (bench, arguments)
        for bench in sorted(path.stem for path in HERE.glob("bench_*.py"))
        for arguments in SIZES.get(bench, ([],))
    ]
    failed = [" ".join([bench, *arguments]) for bench, arguments in works if not run(bench, arguments)]
    if failed:
        sys.exit(f"could not run: {', '.join(failed)}")
