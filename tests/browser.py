"""Find a Chromium for the tests, or install one: Playwright's own where its download works, else Debian's.

The one without windows comes first: it is the same engine for half of the processor's time.
As a program it says what it does; `executable()` is what the tests call.
"""

import contextlib
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from playwright.sync_api import sync_playwright

WITHOUT_WINDOWS = "chromium-headless-shell"
ON_PATH = ("chromium", "chromium-browser", "google-chrome")
PLAYWRIGHT = [sys.executable, "-m", "playwright"]


def executable() -> str | None:
    """The path of a browser that is here, or None."""
    return shutil.which(WITHOUT_WINDOWS) or with_windows()


def with_windows() -> str | None:
    """The path of a browser that has windows and tabs, or None: what closing a tab does shows in no other."""
    own = _playwrights_own()
    if own.exists():
        return str(own)
    return next((found for name in ON_PATH if (found := shutil.which(name))), None)


@cache
def _playwrights_own() -> Path:
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


def main() -> None:
    """Make sure that Playwright runs and that there is a browser for it."""
    if subprocess.run([*PLAYWRIGHT, "--version"], check=False, capture_output=True).returncode:
        print("Playwright's driver needs libatomic1, which is not here. Installing it ...", flush=True)
        install("libatomic1")
    if with_windows() is None:
        print("No browser found. Trying Playwright's own Chromium ...", flush=True)
        download = [*PLAYWRIGHT, "install", "chromium", *(["--with-deps"] if os.geteuid() == 0 else [])]
        if subprocess.run(download, check=False, timeout=600, capture_output=True).returncode or with_windows() is None:
            print("Its download does not work here. Installing Debian's chromium ...", flush=True)
            install("chromium")
            with contextlib.suppress(SystemExit):  # some systems have no such package: the other does all, more slowly
                install(WITHOUT_WINDOWS)
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
