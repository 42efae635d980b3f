"""Find a Java that Spark runs on, or install Debian's: the engines' tests compare DuckDB with Spark."""

import re
import shutil
import subprocess

from tests.browser import install

OLDEST = 17  # Spark 4
PACKAGE = "default-jre-headless"


def version() -> int:
    """The major version of the Java on the path; 0 without one."""
    if not shutil.which("java"):
        return 0
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0


def main() -> None:
    """Make sure that there is one."""
    if version() < OLDEST:
        print(f"No Java {OLDEST} or newer found, on which Spark's tests run. Installing {PACKAGE} ...", flush=True)
        install(PACKAGE)
    print(f"Java for the tests: {version()}")


if __name__ == "__main__":
    main()
