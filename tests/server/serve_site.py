"""Runs the server as its command does, with trial pages in place of the real ones when a folder of them is given.

After the folder may stand other limits of pages at once: per session, and in all. Passwords are hashed as fast as in the
tests themselves: hundreds of logins are tried. The server of most pages is started by the command, and hashes as in use.
"""

import logging
import sys
from pathlib import Path

from argon2 import PasswordHasher

from custinfo.actions import passwords
from custinfo.domain.errors import CustinfoError
from custinfo.server import launcher, pages


def main() -> None:
    home, port, *trial = sys.argv[1:]
    passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    logging.basicConfig(level=logging.INFO, format="%(name)s %(message)s")
    if trial:
        pages.NOTEBOOKS = Path(trial[0])
    if trial[1:]:
        pages.MOST_PER_SESSION, pages.MOST_IN_ALL = map(int, trial[1:])
    try:
        launcher.serve(Path(home), port=int(port))
    except CustinfoError as error:
        print(error.text("en"), file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
