"""`custinfo serve`: the server, its limits, its start and its end."""

import ipaddress
import logging
import resource
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tornado.httpserver
import tornado.ioloop
import tornado.netutil
import tornado.web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jupyter_core.utils import run_sync
from traitlets.config import Config
from voila.app import Voila
from voila.configuration import VoilaConfiguration

from custinfo.actions import leftovers
from custinfo.domain.errors import SiteFault
from custinfo.server.account_page import AccountActionHandler, AccountHandler
from custinfo.server.accounts import LanguageHandler, LoginHandler, LogoutHandler
from custinfo.server.assets import AssetHandler, Assets
from custinfo.server.handlers import HealthHandler, NotFoundHandler, log
from custinfo.server.identity import SiteIdentityProvider, proxy_secret
from custinfo.server.kernels import (
    CLOSE_SESSION_OVER,
    FROM_BROWSER,
    LARGEST_MESSAGE,
    Kernels,
    PageConnection,
    SocketHandler,
    Specs,
)
from custinfo.server.labs import LabLoginHandler, WhoAmIHandler
from custinfo.server.leftovers import SocketFolder
from custinfo.server.ownership import KERNEL_ID, KernelEndHandler, KernelModelHandler, OwnerAuthorizer, Owners
from custinfo.server.pages import PageHandler
from custinfo.server.provisioner import NurseryClient
from custinfo.store import Site, Store

TEMPLATES = Path(__file__).parent / "template"
LARGEST_REQUEST = 1024 * 1024
FEWEST_FILES = 4096
"""A page takes 14 file descriptors: at the usual limit of 1024 the 72nd page would hang without a word."""
SESSION_CHECK_MS = 10_000

Handlers = list[tuple[Any, ...]]


def serve(
    home: Path, *, port: int = 8866, address: str = "127.0.0.1", ready: Callable[[], None] = lambda: None
) -> None:
    """Serve the site in `home` until SIGTERM or SIGINT; then end every kernel and return.

    `ready` is called once the address is this server's, and it answers.

    Raises SiteFault when there is no site, the port is taken, or the system allows too few open files.
    """
    site = Site.load(home)
    raise_file_limit()
    sockets = bind(port, address)
    leftovers.sweep(site)
    with Store.open(site) as store:
        server = PageServer.instance(site=site, store=store, sockets=sockets, ready=ready, config=configuration())
        try:
            server.initialize()
            server.start()
        finally:
            PageServer.clear_instance()


def configuration() -> Config:
    """Every setting of the classes underneath that differs from their default; no file or command line adds to it."""
    return Config(
        {
            "VoilaConfiguration": {
                "allow_template_override": "NO",
                "allow_theme_override": "NO",
                "show_tracebacks": False,
                "strip_sources": True,
            },
            "ConnectionFileMixin": {"transport": "ipc"},  # tcp has a race for ports, also with kernels of others
            "KernelManager": {"shutdown_wait_time": 2.0},
            # A dead kernel is noticed within a second and stays dead: the page must not talk to an empty one
            "KernelRestarter": {"restart_limit": 0, "time_to_dead": 1.0},
            "MappingKernelManager": {
                "cull_idle_timeout": 300,
                "cull_interval": 60,
                "cull_connected": False,
                "allow_tracebacks": False,
                "allowed_message_types": FROM_BROWSER,
                "kernel_info_timeout": 30,
            },
        }
    )


class PageServer(Voila):  # type: ignore[misc]  # voila is not typed
    """Voilà with our own list of handlers: whatever is not in it does not exist."""

    def __init__(
        self, *, site: Site, store: Store, sockets: list[socket.socket], ready: Callable[[], None], **kwargs: Any
    ) -> None:
        super().__init__(log_level=logging.WARNING, **kwargs)
        self._site = site
        self._store = store
        self._sockets = sockets
        self._ready = ready

    def initialize(self, argv: list[str] | None = None) -> None:  # noqa: ARG002
        """Prepare without reading a command line or any file of configuration."""
        self._init_asyncio_patch()
        self.voila_configuration = VoilaConfiguration(parent=self)
        self._folder = SocketFolder()
        self.connection_dir = str(self._folder.path)
        self.root_dir = str(_empty_folder(self._site.home))

    def init_settings(self) -> dict[str, Any]:
        """Tornado's settings: complete, since some take effect only when the application is made."""
        owners = Owners()
        self.kernel_spec_manager = Specs(parent=self)
        self.kernel_manager = Kernels(  # type: ignore[no-untyped-call]
            parent=self,
            owners=owners,
            nursery=NurseryClient(self._site.home),
            root_dir=self.root_dir,
            connection_dir=self.connection_dir,
            kernel_spec_manager=self.kernel_spec_manager,
        )
        self.identity_provider = SiteIdentityProvider(parent=self, log=self.log, store=self._store)
        self.authorizer = OwnerAuthorizer(
            parent=self, log=self.log, identity_provider=self.identity_provider, owners=owners
        )
        templates = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
        return {
            "base_url": "/",
            "login_url": "/login",
            "cookie_secret": self._site.secret("cookie"),
            "xsrf_cookies": True,
            "xsrf_cookie_kwargs": {"httponly": True, "samesite": "Lax"},
            "allow_remote_access": True,  # who reaches the address is the host's and the proxy's to say
            "identity_provider": self.identity_provider,
            "authorizer": self.authorizer,
            "kernel_manager": self.kernel_manager,
            "kernel_spec_manager": self.kernel_spec_manager,
            "kernel_websocket_connection_class": PageConnection,
            "websocket_max_message_size": LARGEST_MESSAGE,
            "compress_response": True,
            "config": self.config,
            "custinfo_site": self._site,
            "custinfo_store": self._store,
            "custinfo_behind_proxy": _behind_proxy(self._sockets),
            "custinfo_proxy_secret": proxy_secret(self._store),
            "custinfo_owners": owners,
            "custinfo_assets": Assets(),
            "custinfo_templates": templates,
            "default_handler_class": NotFoundHandler,
            "log_function": _log_request,
        }

    def init_handlers(self) -> Handlers:
        """All that this server answers. Voilà's contents, tree, files, themes and query handlers are not among it."""
        assets = self.app.settings["custinfo_assets"]
        return [
            (r"/", PageHandler, {"notebook": "home"}),
            (r"/form/(?P<form_id>[^/]+)", PageHandler, {"notebook": "form"}),
            (r"/customers", PageHandler, {"notebook": "customers"}),
            (r"/customer/(?P<customer_id>[^/]+)", PageHandler, {"notebook": "customer"}),
            (r"/credit", PageHandler, {"notebook": "credit"}),
            (r"/credit/(?P<customer_id>[^/]+)", PageHandler, {"notebook": "credit"}),
            (r"/duplicates", PageHandler, {"notebook": "duplicates"}),
            (r"/records", PageHandler, {"notebook": "records"}),
            (r"/record/(?P<record_id>[^/]+)", PageHandler, {"notebook": "record"}),
            (r"/forms", PageHandler, {"notebook": "forms"}),
            (r"/forms/(?P<form_id>(?![^/]*\.ipynb$)[^/]+)", PageHandler, {"notebook": "forms"}),
            (r"/proposal/(?P<proposal_id>[^/]+)", PageHandler, {"notebook": "proposal"}),
            (r"/print/(?P<form_id>[^/]+)", PageHandler, {"notebook": "print"}),
            (r"/retention", PageHandler, {"notebook": "retention"}),
            (r"/retention/(?P<plan_id>[^/]+)", PageHandler, {"notebook": "retention"}),
            (r"/privacy", PageHandler, {"notebook": "privacy"}),
            (r"/privacy/(?P<object_id>[^/]+)", PageHandler, {"notebook": "privacy"}),
            (r"/reports", PageHandler, {"notebook": "reports"}),
            (r"/reports/(?P<issue_id>[^/]+)", PageHandler, {"notebook": "reports"}),
            (r"/report-calendar", PageHandler, {"notebook": "report_calendar"}),
            (r"/indicators", PageHandler, {"notebook": "indicators"}),
            (r"/indicators/(?P<version>[^/]+)", PageHandler, {"notebook": "indicators"}),
            (r"/plans", PageHandler, {"notebook": "plans"}),
            (r"/plans/(?P<version>[^/]+)", PageHandler, {"notebook": "plans"}),
            (r"/studies", PageHandler, {"notebook": "studies"}),
            (r"/studies/(?P<study_id>[^/]+)", PageHandler, {"notebook": "studies"}),
            (r"/report-archive", PageHandler, {"notebook": "report_archive"}),
            (r"/statistics", PageHandler, {"notebook": "statistics"}),
            (r"/statistics/(?P<object_id>[^/]+)", PageHandler, {"notebook": "statistics"}),
            (r"/segments", PageHandler, {"notebook": "segments"}),
            (r"/abc", PageHandler, {"notebook": "abc"}),
            (r"/value", PageHandler, {"notebook": "value"}),
            (r"/clusters", PageHandler, {"notebook": "clusters"}),
            (r"/demands", PageHandler, {"notebook": "demands"}),
            (r"/quality", PageHandler, {"notebook": "quality"}),
            (r"/matches", PageHandler, {"notebook": "matches"}),
            (r"/survey-tables", PageHandler, {"notebook": "survey_tables"}),
            (r"/credit-analysis", PageHandler, {"notebook": "credit_analysis"}),
            (r"/waiting", PageHandler, {"notebook": "waiting"}),
            (r"/case/(?P<case_id>[^/]+)", PageHandler, {"notebook": "case"}),
            (r"/audit", PageHandler, {"notebook": "audit"}),
            (r"/people", PageHandler, {"notebook": "people"}),
            (r"/person/(?P<person_id>[^/]+)", PageHandler, {"notebook": "person"}),
            (r"/incidents", PageHandler, {"notebook": "incidents"}),
            (r"/incidents/(?P<number>[^/]+)", PageHandler, {"notebook": "incidents"}),
            (r"/login", LoginHandler),
            (r"/logout", LogoutHandler),
            (r"/account", AccountHandler),
            (r"/account/([a-z-]+)", AccountActionHandler),
            (r"/lab-login", LabLoginHandler),
            (r"/whoami", WhoAmIHandler),
            (r"/language", LanguageHandler),
            (r"/healthz", HealthHandler),
            (r"/static/([0-9a-f]+)/(.*)", AssetHandler, {"assets": assets}),
            (rf"/api/kernels/{KERNEL_ID}", KernelModelHandler),
            (rf"/api/kernels/{KERNEL_ID}/channels", SocketHandler),
            (rf"/voila/api/shutdown/{KERNEL_ID}", KernelEndHandler),
        ]

    def start(self) -> None:
        """Serve until a signal."""
        self.app = tornado.web.Application(**self.init_settings())
        self.app.add_handlers(".*$", self.init_handlers())
        self.ioloop = tornado.ioloop.IOLoop.current()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle_signal_stop)
        server = tornado.httpserver.HTTPServer(
            self.app, xheaders=_behind_proxy(self._sockets), max_body_size=LARGEST_REQUEST
        )
        server.add_sockets(self._sockets)
        self.ioloop.add_callback(self.kernel_manager.nursery.start)
        tornado.ioloop.PeriodicCallback(self._end_pages_of_ended_sessions, SESSION_CHECK_MS).start()
        self.ioloop.add_callback(self._ready)
        assets: Assets = self.app.settings["custinfo_assets"]
        threading.Thread(target=assets.warm, daemon=True).start()
        try:
            self.ioloop.start()
        finally:
            server.stop()
            self.stop()

    async def _end_pages_of_ended_sessions(self) -> None:
        """An unattended page hides itself when its login ends by itself, or because the person's rights changed."""
        owners: Owners = self.app.settings["custinfo_owners"]
        for kernel_id in owners.of_ended_sessions(self._store):
            await self.kernel_manager.end(kernel_id, code=CLOSE_SESSION_OVER)

    def stop(self) -> None:
        """End every kernel at once, and take their sockets away."""
        run_sync(self.kernel_manager.shutdown_all)(now=True)
        self.kernel_manager.nursery.stop()
        self._folder.remove()


def raise_file_limit() -> None:
    """Take as many open files as the system allows. Raises SiteFault when that is too few to serve an office."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard != resource.RLIM_INFINITY and hard < FEWEST_FILES:
        raise SiteFault("server.few_files", limit=hard, needed=FEWEST_FILES)


def bind(port: int, address: str) -> list[socket.socket]:
    """The sockets of the server's address. Raises SiteFault when it is taken."""
    try:
        return tornado.netutil.bind_sockets(port, address)
    except OSError as fault:
        raise SiteFault("server.port_taken", address=address, port=port, fault=fault.strerror) from None


def _behind_proxy(sockets: list[socket.socket]) -> bool:
    """Whether only this machine can connect, so that X-Forwarded-Proto comes from our own proxy or from nobody."""
    return all(ipaddress.ip_address(bound.getsockname()[0]).is_loopback for bound in sockets)


def _empty_folder(home: Path) -> Path:
    """Where kernels work: nothing lies there that could be imported or served."""
    folder = home / "run" / "empty"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _log_request(handler: tornado.web.RequestHandler) -> None:
    # The path without its query, which may name a draft
    milliseconds = 1000 * handler.request.request_time()
    log.info("%s %s %s %.0f ms", handler.get_status(), handler.request.method, handler.request.path, milliseconds)
