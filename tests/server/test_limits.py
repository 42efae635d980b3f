"""How many pages there may be at once, and how long a login lasts that nobody uses."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from custinfo.actions import sessions
from custinfo.domain.clock import stamp, utc_now
from custinfo.domain.people import SERVICE
from custinfo.server.ownership import Owners
from custinfo.store import Store, login_settings
from tests.server.kernel_protocol import connect
from tests.server.site_server import PASSWORD, RunningSite, make_site

PER_SESSION, IN_ALL = 2, 3


@pytest.fixture(scope="module")
def small_site(serve: Callable[..., RunningSite], trial_pages: Path) -> RunningSite:
    """A server with room for very few pages."""
    return serve(trial_pages, PER_SESSION, IN_ALL)


def test_one_page_too_many_ends_the_oldest_that_nobody_looks_at(small_site: RunningSite) -> None:
    lin, zhao, qian = (small_site.log_in(name) for name in ("lin", "zhao", "qian"))

    def there(kernel_id: str) -> bool:
        return lin.get(f"{small_site.base_url}/api/kernels/{kernel_id}").ok

    async def visit() -> None:
        _, seen = small_site.open_page(lin)
        first_socket = await connect(small_site.base_url, lin, seen)
        _, unseen = await asyncio.to_thread(small_site.open_page, lin)
        _, newest = await asyncio.to_thread(small_site.open_page, lin)
        assert await asyncio.to_thread(lambda: [there(one) for one in (seen, unseen, newest)]) == [True, False, True]

        second_socket = await connect(small_site.base_url, lin, newest)
        page, refused = await asyncio.to_thread(small_site.open_page, lin)
        assert "打开的页面太多" in page
        assert await asyncio.to_thread(lambda: [there(one) for one in (seen, newest, refused)]) == [True, True, False]

        _, others = await asyncio.to_thread(small_site.open_page, zhao)
        assert (await asyncio.to_thread(zhao.get, f"{small_site.base_url}/api/kernels/{others}")).ok
        page, _ = await asyncio.to_thread(small_site.open_page, qian)
        assert "页面没能及时打开" in page
        first_socket.close()
        second_socket.close()

    asyncio.run(visit())


def test_a_page_that_only_asks_whether_its_login_lives_does_not_prolong_it(tmp_path: Path) -> None:
    with Store.open(make_site(tmp_path)) as store:
        login = sessions.log_in(store, "lin", PASSWORD)
        owners = Owners()
        owners.add("kernel", login)

        def unused_for(time: timedelta) -> str:
            used_at = stamp(utc_now() - time)
            with store.act(SERVICE.person_id, "session.touch", "session", login.session_id) as tx:
                tx.update("login_session", login.session_id, {"used_at": used_at})
            return used_at

        used_at = unused_for(login_settings.LoginSettings().idle - timedelta(minutes=5))
        assert owners.session_lives("kernel", store)
        row = store.row("SELECT used_at FROM login_session WHERE session_id = ?", [login.session_id])
        assert row is not None
        assert row["used_at"] == used_at
        unused_for(login_settings.LoginSettings().idle + timedelta(minutes=5))
        assert not owners.session_lives("kernel", store)
