"""Logging in: who gets a session, who does not, and when it ends."""

import subprocess
import sys
from datetime import timedelta

import pytest

from custinfo.actions import people, sessions
from custinfo.domain import clock
from custinfo.domain.errors import BadInput, NotAllowed
from custinfo.domain.people import SERVICE, Role
from tests.factories import PASSWORD, account, site_with_forms


@pytest.fixture
def store(tmp_path):
    with site_with_forms(tmp_path / "site") as opened:
        yield opened


@pytest.fixture
def later(monkeypatch):
    """Move the clock that sessions read."""

    def move(delta):
        now = clock.utc_now() + delta
        monkeypatch.setattr(sessions, "utc_now", lambda: now)
        monkeypatch.setattr(clock, "utc_now", lambda: now)

    return move


def test_the_right_password_gives_a_session_that_the_cookie_and_the_kernel_find(store):
    account(store, login_name="lin")
    session = sessions.log_in(store, "lin", PASSWORD)
    assert sessions.by_token(store, session.token).person == session.person
    assert sessions.by_id(store, session.session_id).person.roles == {Role.RESEARCHER}


def test_the_id_that_a_kernel_has_is_no_cookie_and_the_token_is_not_stored(store):
    account(store, login_name="lin")
    session = sessions.log_in(store, "lin", PASSWORD)
    assert sessions.by_token(store, session.session_id) is None
    assert sessions.by_id(store, session.token) is None
    assert session.token not in str(store.rows("SELECT * FROM login_session")) + str(store.rows("SELECT * FROM audit"))
    assert PASSWORD not in str(store.rows("SELECT * FROM person"))


@pytest.mark.parametrize(("name", "password"), [("lin", "wrong"), ("nobody", PASSWORD), ("", ""), ("LIN", PASSWORD)])
def test_a_refusal_does_not_say_which_part_was_wrong(store, name, password):
    account(store, login_name="lin")
    with pytest.raises(NotAllowed) as refused:
        sessions.log_in(store, name, password)
    assert refused.value.key == "accounts.wrong"
    assert store.row("SELECT * FROM audit WHERE action = 'session.refuse'")


def test_five_wrong_passwords_lock_even_the_right_one_out_for_a_while(store, later):
    account(store, login_name="lin")
    for _ in range(5):
        with pytest.raises(NotAllowed):
            sessions.log_in(store, "lin", "wrong password")
    with pytest.raises(NotAllowed) as locked:
        sessions.log_in(store, "lin", PASSWORD)
    assert locked.value.key == "accounts.locked" and locked.value.facts["minutes"] == 5
    later(timedelta(minutes=6))
    assert sessions.log_in(store, "lin", PASSWORD).person.login_name == "lin"


def test_a_name_that_nobody_has_is_locked_like_any_other(store):
    account(store, login_name="lin")
    said = {}
    for name in ("lin", "nobody"):
        said[name] = []
        for _ in range(7):
            with pytest.raises(NotAllowed) as refused:
                sessions.log_in(store, name, "wrong password")
            said[name].append(refused.value.key)
    assert said["lin"] == said["nobody"] == ["accounts.wrong"] * 5 + ["accounts.locked"] * 2


def test_guesses_side_by_side_are_counted_one_by_one(store):
    account(store, login_name="lin")
    guess = (
        "import sys; from pathlib import Path; from custinfo.actions import sessions; from custinfo.store import *\n"
    )
    guess += "with Store.open(Site.load(Path(sys.argv[1]))) as store:\n    sys.stdin.read()\n"
    guess += "    try: sessions.log_in(store, 'lin', 'wrong')\n    except Exception: pass\n"
    command = [sys.executable, "-c", guess, str(store.site.home)]
    running = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(6)]
    for process in running:
        process.stdin.close()
    assert [process.wait() for process in running] == [0] * 6
    with pytest.raises(NotAllowed) as locked:
        sessions.log_in(store, "lin", PASSWORD)
    assert locked.value.key == "accounts.locked"


@pytest.mark.parametrize("unused", [timedelta(minutes=31), timedelta(hours=13)])
def test_a_session_ends_by_itself(store, later, unused):
    account(store, login_name="lin")
    session = sessions.log_in(store, "lin", PASSWORD)
    later(unused)
    assert sessions.by_token(store, session.token) is sessions.by_id(store, session.session_id) is None


def test_a_used_session_lives_on_but_not_for_ever(store, later):
    account(store, login_name="lin")
    session = sessions.log_in(store, "lin", PASSWORD)
    store_row = "SELECT used_at FROM login_session"
    before = store.row(store_row)
    sessions.touch(store, session)
    assert store.row(store_row) == before, "at most one write a minute"
    later(timedelta(minutes=25))
    assert sessions.by_id(store, session.session_id)


def test_after_logging_out_neither_cookie_nor_kernel_can_do_anything(store):
    account(store, login_name="lin")
    session = sessions.log_in(store, "lin", PASSWORD)
    sessions.log_out(store, session)
    assert sessions.by_token(store, session.token) is sessions.by_id(store, session.session_id) is None


def test_the_language_is_remembered(store):
    account(store, login_name="lin")
    sessions.set_language(store, sessions.log_in(store, "lin", PASSWORD), "en")
    assert sessions.log_in(store, "lin", PASSWORD).language == "en"
    sessions.set_language(store, sessions.log_in(store, "lin", PASSWORD), "xx")
    assert sessions.log_in(store, "lin", PASSWORD).language == "en"


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"password": "short"}, "accounts.password_short"),
        ({"login_name": "lin"}, "accounts.name_taken"),
        ({"login_name": "  "}, "accounts.name_missing"),
        ({"display_name": "a\x00b"}, "text.character"),
    ],
)
def test_accounts_that_cannot_be_made(store, changed, key):
    account(store, login_name="lin")
    wanted = {
        "login_name": "zhou",
        "display_name": "周",
        "roles": [Role.ANALYST],
        "department": "",
        "password": PASSWORD,
    }
    with pytest.raises(BadInput) as refused:
        people.add(store, SERVICE, **wanted | changed)
    assert refused.value.key == key
    assert people.by_login_name(store, "zhou") is None


def test_only_a_system_administrator_adds_accounts(store):
    with pytest.raises(NotAllowed):
        people.add(store, account(store), login_name="x", display_name="x", roles=[], department="", password=PASSWORD)
