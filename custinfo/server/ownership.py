"""A kernel belongs to the login session whose page started it; for everybody else there is no such kernel."""

from dataclasses import dataclass

from jupyter_core.utils import ensure_async
from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.auth.identity import User
from jupyter_server.base.handlers import JupyterHandler
from tornado.web import HTTPError
from traitlets import Instance

from custinfo.actions import sessions
from custinfo.actions.sessions import LoginSession
from custinfo.server.handlers import SiteHandler
from custinfo.server.identity import SiteUser
from custinfo.store import Store

KERNEL_ID = r"(?P<kernel_id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"


@dataclass(frozen=True)
class Owner:
    """Who may speak to a kernel: this person, in this session."""

    person_id: str
    session_id: str


class Owners:
    """Kernel → owner, for the kernels that run."""

    def __init__(self) -> None:
        self._owners: dict[str, Owner] = {}

    def add(self, kernel_id: str, session: LoginSession) -> None:
        """A page of `session` is about to start this kernel."""
        self._owners[kernel_id] = Owner(session.person.person_id, session.session_id)

    def forget(self, kernel_id: str) -> None:
        """The kernel is gone."""
        self._owners.pop(kernel_id, None)

    def of_session(self, session_id: str) -> list[str]:
        """The kernels that a session started, the oldest first."""
        return [kernel_id for kernel_id, owner in self._owners.items() if owner.session_id == session_id]

    def of_ended_sessions(self, store: Store) -> list[str]:
        """The kernels whose session is over."""
        live = {
            session_id: sessions.by_id(store, session_id)
            for session_id in {o.session_id for o in self._owners.values()}
        }
        return [kernel_id for kernel_id, owner in self._owners.items() if live[owner.session_id] is None]

    def of_person(self, person_id: str) -> list[str]:
        """The kernels that all sessions of a person started."""
        return [kernel_id for kernel_id, owner in self._owners.items() if owner.person_id == person_id]

    def __len__(self) -> int:
        return len(self._owners)

    def may(self, kernel_id: str, session: LoginSession) -> bool:
        """Whether this session may speak to the kernel."""
        return self._owners.get(kernel_id) == Owner(session.person.person_id, session.session_id)

    def session_lives(self, kernel_id: str, store: Store) -> bool:
        """Whether the session that owns the kernel is still good. That does not count as using it: pages ask by
        themselves all the time, and `Page.alive` knows what a person did.
        """
        owner = self._owners.get(kernel_id)
        return owner is not None and sessions.by_id(store, owner.session_id) is not None


class OwnerAuthorizer(Authorizer):
    """Refuses everything but one's own kernels."""

    owners = Instance(Owners)

    def is_authorized(self, handler: JupyterHandler, user: User, action: str, resource: str) -> bool:
        """True for reading, or speaking to, a kernel of the session that asks."""
        if resource != "kernels" or action not in {"read", "execute"} or not isinstance(user, SiteUser):
            return False
        return self.owners.may(handler.path_kwargs.get("kernel_id", ""), user.session)


class KernelModelHandler(SiteHandler):
    """`GET /api/kernels/<id>`: what the front end reads before it opens the socket."""

    async def get(self, kernel_id: str) -> None:
        """The kernel's model; 404 for another's kernel as for none."""
        check_owner(self, kernel_id)
        self.finish(await ensure_async(self.settings["kernel_manager"].kernel_model(kernel_id)))


class KernelEndHandler(SiteHandler):
    """`POST /voila/api/shutdown/<id>`: the beacon of a page that is closed or left.

    A beacon cannot carry the xsrf token, which scripts here cannot read; the browser's own word that it comes from a
    page of this server is as good.
    """

    def check_xsrf_cookie(self) -> None:
        """Accept what the browser says is same-origin; everything else is refused."""
        if self.request.headers.get("Sec-Fetch-Site") != "same-origin":
            raise HTTPError(403)

    @allow_unauthenticated
    async def post(self, kernel_id: str) -> None:
        """End the kernel; 404 for another's kernel as for none, and for nobody."""
        check_owner(self, kernel_id)
        await self.settings["kernel_manager"].end(kernel_id)
        self.set_status(204)
        self.finish()


def check_owner(handler: SiteHandler, kernel_id: str) -> None:
    """Raise 404 unless the kernel runs and belongs to the session that asks."""
    owners: Owners = handler.settings["custinfo_owners"]
    if handler.user is None or not owners.may(kernel_id, handler.user.session):
        raise HTTPError(404)
    if kernel_id not in handler.settings["kernel_manager"]:
        raise HTTPError(404)
