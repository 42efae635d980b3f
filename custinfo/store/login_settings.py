"""How a site wants its people to log in: the table `[login]` of `site.toml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from custinfo.domain.errors import SiteFault
from custinfo.domain.people import Role
from custinfo.store.site import Site

LONGEST_IDLE_MINUTES = 8 * 60
LONGEST_HOURS = 24
NAMES = frozenset({"idle_minutes", "longest_hours", "second_factor_for", "proxy_header", "proxy_secret", "labs"})


@dataclass(frozen=True)
class LoginSettings:
    """`idle`: how long an unused session lives; `longest`: any session; `second_factor_for`: roles that must have one.

    `proxy_header` names the header in which an authenticating proxy tells the login name, believed only beside the
    secret that the file `proxy_secret` holds. `labs` is the address of a person's JupyterLab, with `{login}` in it.
    """

    idle: timedelta = timedelta(minutes=30)
    longest: timedelta = timedelta(hours=12)
    second_factor_for: frozenset[Role] = frozenset()
    proxy_header: str = ""
    proxy_secret: Path | None = None
    labs: str = ""


def of(site: Site) -> LoginSettings:
    """The site's settings. Raises SiteFault `site.settings` for a name or value that is none."""
    given = site.section("login")
    try:
        unknown = sorted(set(given) - NAMES)
        if unknown:
            raise ValueError(f"[login] {', '.join(unknown)}?")
        return _checked(given)
    except (ValueError, TypeError) as fault:
        raise SiteFault("site.settings", file=site.home / "site.toml", fault=fault) from None


def _checked(given: Mapping[str, Any]) -> LoginSettings:
    header, labs = str(given.get("proxy_header", "")), str(given.get("labs", ""))
    secret = Path(given["proxy_secret"]) if "proxy_secret" in given else None
    if bool(header) != bool(secret):
        raise ValueError("[login] proxy_header, proxy_secret: both or none")
    if labs and ("{login}" not in labs or not labs.startswith(("https://", "http://127.0.0.1", "http://localhost"))):
        raise ValueError("[login] labs: https://…/{login}/")
    return LoginSettings(
        timedelta(minutes=_whole(given, "idle_minutes", 30, LONGEST_IDLE_MINUTES)),
        timedelta(hours=_whole(given, "longest_hours", 12, LONGEST_HOURS)),
        frozenset(Role(name) for name in given.get("second_factor_for", ())),
        header,
        secret,
        labs,
    )


def _whole(given: Mapping[str, Any], name: str, default: int, most: int) -> int:
    value = given.get(name, default)
    if type(value) is not int or not 1 <= value <= most:
        raise ValueError(f"[login] {name}: 1–{most}")
    return value
