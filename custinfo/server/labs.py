"""What this server says to analysts' own JupyterLabs: where a person's lab is, and who is at it."""

from urllib.parse import quote, urlencode

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.web import HTTPError

from custinfo.actions import labs
from custinfo.domain.errors import CustinfoError, NotAllowed
from custinfo.server.handlers import SiteHandler

FORWARDED = ("X-Forwarded-For", "X-Real-Ip", "Forwarded", "Via")
LONGEST_STATE = 200


class LabLoginHandler(SiteHandler):
    """`GET /lab-login?state=…`: on to the person's own lab, whichever lab sent them; the settings say where it is."""

    async def get(self) -> None:
        """A redirect with a code; 404 for those who have no lab."""
        if self.user is None or self.user.session.duty:
            self.redirect("/account")
            return
        try:
            address, code = labs.address(self.store, self.user.session)
        except CustinfoError:
            raise HTTPError(404) from None
        lab = address.replace("{login}", quote(self.user.session.person.login_name, safe=""))
        state = self.get_query_argument("state", "")[:LONGEST_STATE]
        self.redirect(f"{lab.rstrip('/')}/login?{urlencode({'code': code, 'state': state})}")


class WhoAmIHandler(SiteHandler):
    """`POST /whoami`: a lab of this machine asks, with its token, who a code or a ticket stands for.

    For everybody else there is no such address: what comes by way of a proxy comes from elsewhere.
    """

    def check_xsrf_cookie(self) -> None:
        """No browser asks here, and no cookie counts."""

    @allow_unauthenticated
    async def post(self) -> None:
        """`{"ticket", "login", "name"}`; 404 for a wrong token, code or ticket."""
        if any(name in self.request.headers for name in FORWARDED) or not self.settings["custinfo_behind_proxy"]:
            raise HTTPError(404)
        token = self.request.headers.get("Authorization", "").removeprefix("Bearer ")
        code, ticket = self.get_body_argument("code", ""), self.get_body_argument("ticket", "")
        try:
            ticket = labs.redeem(self.store, token, code) if code else ticket
        except NotAllowed:
            raise HTTPError(404) from None
        person = labs.who(self.store, token, ticket)
        if person is None:
            raise HTTPError(404)
        self.finish({"ticket": ticket, "login": person.login_name, "name": person.display_name})
