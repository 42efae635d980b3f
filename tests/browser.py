"""Find a Chromium for the tests, or install one: Playwright's own where its download works, else Debian's.

As a program it says what it does; `executable()` is what the tests call.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ON_PATH = ("chromium", "chromium-browser", "google-chrome")
PLAYWRIGHT = [sys.executable, "-m", "playwright"]


def executable() -> str | None:
    """The path of a browser that is here, or None."""
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    if own.exists():
        return str(own)
    return next((found for name in ON_PATH if (found := shutil.which(name))), None)


def main() -> None:
    """Make sure that Playwright runs and that there is a browser for it."""
    if subprocess.run([*PLAYWRIGHT, "--version"], check=False, capture_output=True).returncode:
        print("Playwright's driver needs libatomic1, which is not here. Installing it ...", flush=True)
        install("libatomic1")
    if executable() is None:
        print("No browser found. Trying Playwright's own Chromium ...", flush=True)
        download = [*PLAYWRIGHT, "install", "chromium", *(["--with-deps"] if os.geteuid() == 0 else [])]
        if subprocess.run(download, check=False, timeout=600, capture_output=True).returncode or executable() is None:
            print("Its download does not work here. Installing Debian's chromium ...", flush=True)
            install("chromium")
    print(f"Browser for the tests: {executable()}")


def install(package: str) -> None:
    """Install a Debian package. Ends the program with a sentence when that is not possible."""
    apt = ["apt-get"] if os.geteuid() == 0 else ["sudo", "-n", "apt-get"]
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", package]):
        if not shutil.which(apt[0]) or subprocess.run([*apt, *arguments], check=False, env=environment).returncode:
            sys.exit(f"{package} could not be installed. Install it yourself, then run make test again.")


if __name__ == "__main__":
    main()
