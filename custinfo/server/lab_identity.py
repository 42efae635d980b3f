"""Who is at an analyst's JupyterLab: the person whose lab it is, logged in at the site; nobody else, and no token.

In the lab's `jupyter_server_config.py`:

    c.ServerApp.identity_provider_class = "custinfo.server.lab_identity.LabIdentityProvider"
    c.LabIdentityProvider.site = "https://kehu.example.cn"
    c.LabIdentityProvider.token_file = "/home/wu/.config/custinfo/lab-token"
"""

import hmac
import json
import secrets
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.base.handlers import JupyterHandler
from tornado.httpclient import AsyncHTTPClient, HTTPError, HTTPRequest
from tornado.web import RequestHandler
from traitlets import Type, Unicode

TICKET_COOKIE = "custinfo_lab"
STATE_COOKIE = "custinfo_lab_state"
BELIEVED_SECONDS = 15
ANSWER_SECONDS = 5
STATE_DAYS = 10 / (24 * 60)


class LabLoginHandler(JupyterHandler):
    """`/login` of the lab: to the site and back with a code."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Off to the site; or, back from it, a ticket into the browser's cookie."""
        provider = self.identity_provider
        assert isinstance(provider, LabIdentityProvider)
        code, state = self.get_query_argument("code", ""), self.get_query_argument("state", "")
        expected = (self.get_signed_cookie(STATE_COOKIE, max_age_days=STATE_DAYS) or b"").decode()
        if code and expected and hmac.compare_digest(state.encode(), expected.encode()):
            self.clear_cookie(STATE_COOKIE, path=self.base_url)
            answer = await provider.ask(code=code)
            if answer is not None:
                provider.keep(self, TICKET_COOKIE, answer["ticket"])
                self.redirect(self.base_url)
                return
            self.set_status(403)
            self.finish("403")  # a lab that sends people round in circles helps nobody
            return
        state = secrets.token_urlsafe(24)
        provider.keep(self, STATE_COOKIE, state)
        self.redirect(f"{provider.site.rstrip('/')}/lab-login?{urlencode({'state': state})}")


class LabIdentityProvider(IdentityProvider):
    """Admits the one person for whom this lab's token was made, while they are logged in at the site."""

    site = Unicode(help="The site's address as browsers see it.").tag(config=True)
    server = Unicode("http://127.0.0.1:8866", help="The same server as this machine sees it.").tag(config=True)
    token_file = Unicode(help="The file with this lab's token (`custinfo lab-token`).").tag(config=True)

    token = ""
    auth_enabled = True
    login_available = True
    login_handler_class = Type(LabLoginHandler)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._believed: dict[str, tuple[float, User]] = {}

    async def get_user(self, handler: RequestHandler) -> User | None:
        """The lab's owner, or None. The site is asked again every few seconds, so that ended logins end here too."""
        kept = handler.get_signed_cookie(TICKET_COOKIE)
        if not kept:
            return None
        ticket = kept.decode()
        since, user = self._believed.get(ticket, (0.0, None))
        if user is None or time.monotonic() - since > BELIEVED_SECONDS:
            self._believed.pop(ticket, None)
            answer = await self.ask(ticket=ticket)
            if answer is None:
                return None
            user = User(answer["login"], answer["name"], answer["name"])
            self._believed[ticket] = time.monotonic(), user
        return user

    async def ask(self, **said: str) -> dict[str, str] | None:
        """What the site answers to a code or a ticket; None when it refuses or is not there: nobody is let in then."""
        try:
            token = Path(self.token_file).read_text("ascii").strip()
            headers = {"Authorization": f"Bearer {token}"}
            request = HTTPRequest(
                f"{self.server}/whoami", "POST", headers, urlencode(said), request_timeout=ANSWER_SECONDS
            )
            answer = json.loads((await AsyncHTTPClient().fetch(request)).body)
        except (OSError, ValueError, HTTPError):
            return None
        return {name: str(answer[name]) for name in ("ticket", "login", "name")}

    def keep(self, handler: JupyterHandler, name: str, value: str) -> None:
        """A signed cookie of this lab's alone."""
        secure = handler.request.protocol == "https"
        handler.set_signed_cookie(
            name, value, path=handler.base_url, expires_days=None, httponly=True, samesite="Lax", secure=secure
        )

    def is_token_authenticated(self, handler: RequestHandler) -> bool:  # noqa: ARG002
        """Never: there is no token in an address or a header that would let anybody in."""
        return False

    def should_check_origin(self, handler: RequestHandler) -> bool:  # noqa: ARG002
        """Always."""
        return True
