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


def executable() -> str | None:
    """The path of a browser that is here, or None."""
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    if own.exists():
        return str(own)
    return next((found for name in ON_PATH if (found := shutil.which(name))), None)


def install() -> None:
    """Install a browser. Ends the program with a sentence when neither way works."""
    print("No browser found. Trying Playwright's own Chromium ...", flush=True)
    download = [sys.executable, "-m", "playwright", "install", "chromium", "--with-deps"]
    if os.geteuid() != 0:
        download.remove("--with-deps")
    if subprocess.run(download, check=False, timeout=600, capture_output=True).returncode == 0 and executable():
        return
    print("Its download does not work here. Installing Debian's chromium ...", flush=True)
    apt = ["apt-get"] if os.geteuid() == 0 else ["sudo", "-n", "apt-get"]
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
        if not shutil.which(apt[0]) or subprocess.run([*apt, *arguments], check=False, env=environment).returncode:
            sys.exit("No browser could be installed. Install chromium yourself, then run make test again.")


if __name__ == "__main__":
    if executable() is None:
        install()
    print(f"Browser for the tests: {executable()}")
