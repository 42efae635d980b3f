"""The second factor, proving oneself again, and passwords that will not do."""

from datetime import timedelta

import pyotp
import pytest

from custinfo.actions import accounts, guessing, passwords, people, reauthentication, second_factor, sessions
from custinfo.actions.sessions import Origin
from custinfo.domain import clock
from custinfo.domain.errors import BadInput, NotAllowed, WrongState
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.sensitivity import Level
from tests.conftest import SHIPPED
from tests.factories import PASSWORD, account, empty_site

NEW = "seven purple umbrellas"


@pytest.fixture
def store(tmp_path):
    with empty_site(tmp_path / "site") as opened:
        yield opened


@pytest.fixture
def clock_at(monkeypatch):
    """Set the clock, for good until it is set again."""
    start = clock.utc_now()

    def move(delta=timedelta(0)):
        now = start + delta
        monkeypatch.setattr(clock, "utc_now", lambda: now)
        monkeypatch.setattr(sessions, "utc_now", lambda: now)
        return now

    move()
    return move


@pytest.fixture
def lin(store):
    return account(store, login_name="lin")


@pytest.fixture
def app(store, lin, clock_at):
    """Lin's telephone: gives the code of a moment. The second factor is on; the first code was used at minus 5 minutes."""
    now = clock_at(timedelta(minutes=-5))
    secret = second_factor.begin(store, lin).secret
    recovery = second_factor.confirm(store, lin, pyotp.TOTP(secret).at(now))
    clock_at()

    def code(delta=timedelta(0)):
        return pyotp.TOTP(secret).at(clock.utc_now() + delta)

    code.secret, code.recovery = secret, recovery
    return code


def refusal(function, *args, **kwargs):
    with pytest.raises(NotAllowed) as refused:
        function(*args, **kwargs)
    return refused.value.key


@pytest.mark.guarantee("login-second-factor")
def test_the_password_alone_is_not_enough_and_does_not_count_as_a_failure(store, app):
    for _ in range(7):
        assert refusal(sessions.log_in, store, "lin", PASSWORD) == "accounts.code_needed"
    assert sessions.log_in(store, "lin", PASSWORD, app()).person.login_name == "lin"


@pytest.mark.guarantee("login-second-factor")
def test_a_code_is_good_once(store, app):
    sessions.log_in(store, "lin", PASSWORD, app())
    assert refusal(sessions.log_in, store, "lin", PASSWORD, app()) == "accounts.code_wrong"
    assert refusal(sessions.log_in, store, "lin", PASSWORD, app(timedelta(seconds=-30))) == "accounts.code_wrong"


@pytest.mark.parametrize(("drift", "right"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_telephone_may_be_half_a_minute_off(store, app, drift, right):
    code = app(timedelta(seconds=drift))
    if right:
        assert sessions.log_in(store, "lin", PASSWORD, code)
    else:
        assert refusal(sessions.log_in, store, "lin", PASSWORD, code) == "accounts.code_wrong"


@pytest.mark.parametrize("code", ["", "000000x", "１２３４５６", "-1", "0" * 500, "\x00"])
def test_malformed_codes_are_wrong(store, app, code):
    assert refusal(reauthentication.check, store, people.by_login_name(store, "lin"), PASSWORD, code) == (
        "accounts.code_wrong"
    )


@pytest.mark.guarantee("login-second-factor")
def test_codes_cannot_be_guessed_for_long(store, app):
    wrong = f"{(int(app()) + 1) % 1000000:06d}"
    for _ in range(5):
        assert refusal(sessions.log_in, store, "lin", PASSWORD, wrong) == "accounts.code_wrong"
    assert refusal(sessions.log_in, store, "lin", PASSWORD, app()) == "accounts.locked"


@pytest.mark.guarantee("login-recovery-codes")
def test_a_recovery_code_is_good_once_and_new_ones_end_the_old(store, app):
    assert len(set(app.recovery)) == 10
    session = sessions.log_in(store, "lin", PASSWORD, app.recovery[0].upper())
    assert refusal(sessions.log_in, store, "lin", PASSWORD, app.recovery[0]) == "accounts.code_wrong"
    assert second_factor.recovery_codes_left(store, session.person.person_id) == 9
    fresh = accounts.new_recovery_codes(store, session, PASSWORD, app())
    assert refusal(sessions.log_in, store, "lin", PASSWORD, app.recovery[1]) == "accounts.code_wrong"
    assert sessions.log_in(store, "lin", PASSWORD, fresh[1])
    everything = str(store.rows("SELECT * FROM recovery_code")) + str(store.rows("SELECT * FROM audit"))
    assert not [code for code in fresh if code.replace("-", "") in everything]


@pytest.mark.guarantee("login-second-factor-sealed")
def test_the_secret_is_sealed_in_the_store(store, app):
    kept = store.row("SELECT * FROM second_factor")
    assert app.secret not in str(kept) + str(store.rows("SELECT * FROM audit"))
    assert kept["secret"].startswith("\x1a")


def test_an_enrolment_counts_only_once_it_is_confirmed(store, lin):
    begun = second_factor.begin(store, lin)
    assert sessions.log_in(store, "lin", PASSWORD)
    assert second_factor.begun(store, lin) == begun
    assert refusal(second_factor.confirm, store, lin, "000000") == "accounts.code_wrong"
    assert not second_factor.is_on(store, lin.person_id)
    assert begun.secret in begun.uri and second_factor.picture(begun.uri).startswith("data:image/svg+xml")
    second_factor.confirm(store, lin, pyotp.TOTP(begun.secret).now())
    for again in (lambda: second_factor.begin(store, lin), lambda: second_factor.confirm(store, lin, "1")):
        with pytest.raises(WrongState):
            again()


@pytest.mark.guarantee("login-second-factor")
def test_only_the_security_administrator_resets_it_never_for_oneself_and_sessions_end(store, lin, app):
    session = sessions.log_in(store, "lin", PASSWORD, app())
    keeper = account(store, Role.SECURITY_ADMINISTRATOR, login_name="xin")
    for role in Role:
        if role is not Role.SECURITY_ADMINISTRATOR:
            assert refusal(second_factor.reset, store, account(store, role), lin.person_id) == "access.missing"
    assert refusal(second_factor.reset, store, keeper, keeper.person_id) == "accounts.not_own_factor"
    second_factor.reset(store, keeper, lin.person_id)
    assert sessions.by_token(store, session.token) is None
    assert sessions.log_in(store, "lin", PASSWORD)


@pytest.mark.guarantee("login-second-factor-for-roles")
def test_a_role_can_take_a_second_factor(store, lin):
    settings = store.site.home / "site.toml"
    settings.write_text(settings.read_text() + '\n[login]\nsecond_factor_for = ["researcher"]\n')
    store.site.__dict__.pop("settings", None)
    session = sessions.log_in(store, "lin", PASSWORD)
    assert session.duty == "second_factor"
    assert sessions.log_in(store, account(store, Role.MANAGER).login_name, PASSWORD).duty == ""
    secret = second_factor.begin(store, lin).secret
    second_factor.confirm(store, lin, pyotp.TOTP(secret).now())
    assert sessions.by_token(store, session.token).duty == ""
    assert refusal(accounts.remove_second_factor, store, session, PASSWORD, "1") == "accounts.factor_required"


@pytest.mark.guarantee("signature-reauthentication")
def test_a_signature_takes_password_and_code_and_counts_failures(store, lin, app):
    assert refusal(reauthentication.check, store, lin, "wrong", app()) == "accounts.wrong_password"
    assert refusal(reauthentication.check, store, lin, PASSWORD) == "accounts.code_wrong"
    reauthentication.check(store, lin, PASSWORD, app())
    for _ in range(5):
        assert refusal(reauthentication.check, store, lin, "wrong") == "accounts.wrong_password"
    assert refusal(reauthentication.check, store, lin, PASSWORD, app(timedelta(seconds=30))) == "accounts.locked"
    assert refusal(reauthentication.check, store, SERVICE, PASSWORD) == "accounts.wrong_password"


@pytest.mark.guarantee("login-lock")
def test_a_locked_login_does_not_keep_anybody_from_signing(store, lin):
    for _ in range(5):
        refusal(sessions.log_in, store, "lin", "wrong")
    reauthentication.check(store, lin, PASSWORD)


# --- passwords -----------------------------------------------------------------------------------------------------


@pytest.mark.guarantee("login-passwords")
@pytest.mark.parametrize(
    ("password", "key"),
    [
        ("short", "accounts.password_short"),
        ("x" * 501, "accounts.password_long"),
        ("Password123!", "accounts.password_common"),
        ("1234567890", "accounts.password_common"),
        ("aaaaaaaaaaaaaa", "accounts.password_common"),
        ("Woaini1314520", "accounts.password_common"),
        ("linxiaoyu2026", ""),
        ("LinXiaoYu-1", "accounts.password_is_name"),
        (PASSWORD, "accounts.password_same"),
    ],
)
def test_passwords_that_will_not_do(store, password, key):
    account(store, login_name="linxiaoyu")
    session = sessions.log_in(store, "linxiaoyu", PASSWORD)
    if key:
        with pytest.raises(BadInput) as refused:
            accounts.change_password(store, session, PASSWORD, password)
        assert refused.value.key == key
    else:
        accounts.change_password(store, session, PASSWORD, password)


@pytest.mark.guarantee("login-password-change")
def test_a_new_password_ends_every_other_session_and_the_old_password(store, lin):
    stolen, own = sessions.log_in(store, "lin", PASSWORD), sessions.log_in(store, "lin", PASSWORD)
    assert refusal(accounts.change_password, store, own, "not it at all", NEW) == "accounts.wrong_password"
    half = sessions.prove(store, "lin", PASSWORD)
    accounts.change_password(store, own, PASSWORD, NEW)
    assert sessions.by_token(store, stolen.token) is None
    assert sessions.by_token(store, own.token)
    assert refusal(sessions.log_in, store, "lin", PASSWORD) == "accounts.wrong"
    assert refusal(sessions.start, store, half) == "accounts.wrong", "a login half done by the old password"
    assert sessions.log_in(store, "lin", NEW)


@pytest.mark.guarantee("login-password-change")
def test_a_password_set_by_somebody_else_must_be_changed_first(store, lin):
    session = sessions.log_in(store, "lin", PASSWORD)
    given = accounts.check_given(store, lin.person_id, "given by somebody")
    with store.act("service", "person.give_password", "person", lin.person_id) as tx:
        accounts.give(tx, lin.person_id, given)
    assert sessions.by_token(store, session.token) is None
    session = sessions.log_in(store, "lin", "given by somebody")
    assert session.duty == "password"
    accounts.change_password(store, session, "given by somebody", NEW)
    assert sessions.by_token(store, session.token).duty == ""


def test_a_hash_of_weaker_parameters_is_made_anew(store, lin):
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD)
    with store.act("service", "person.give_password", "person", lin.person_id) as tx:
        tx.update("person", lin.person_id, {"password_hash": weak})
    assert sessions.log_in(store, "lin", PASSWORD)
    kept = store.row("SELECT password_hash FROM person WHERE person_id = ?", [lin.person_id])["password_hash"]
    assert kept != weak and not passwords.outdated(kept)


def test_a_hash_is_made_with_the_parameters_of_rfc_9106():
    assert SHIPPED.hash(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_damaged_hash_lets_nobody_in(store, lin):
    with store.act("service", "person.give_password", "person", lin.person_id) as tx:
        tx.update("person", lin.person_id, {"password_hash": "x"})
    assert refusal(sessions.log_in, store, "lin", PASSWORD) == "accounts.wrong"


# --- guessing ------------------------------------------------------------------------------------------------------


@pytest.mark.guarantee("login-lock")
def test_each_further_failure_waits_twice_as_long(store, lin, clock_at):
    waited, waits = timedelta(0), []
    for _ in range(4):
        refusal(sessions.log_in, store, "lin", "wrong")
    for _ in range(9):
        clock_at(waited)
        assert refusal(sessions.log_in, store, "lin", "wrong") == "accounts.wrong"
        with pytest.raises(NotAllowed) as locked:
            sessions.log_in(store, "lin", PASSWORD)
        waits.append(locked.value.facts["minutes"])
        waited += timedelta(minutes=waits[-1])
    assert waits == [5, 10, 20, 40, 80, 160, 240, 240, 240]
    clock_at(waited)
    # Not a whole login: the store stamps it by the real clock, and it would be older than any session may be
    assert sessions.prove(store, "lin", PASSWORD).person_id == lin.person_id, "nothing locks a name for good"


@pytest.mark.guarantee("login-lock")
def test_a_stranger_cannot_lock_somebody_out_of_their_own_browser(store, lin):
    known = Origin(address="10.0.0.7", device="a nonce that the server signed")
    stranger = Origin(address="203.0.113.5")
    for _ in range(9):
        refusal(sessions.log_in, store, "lin", "wrong", origin=stranger)
    assert refusal(sessions.log_in, store, "lin", PASSWORD, origin=stranger) == "accounts.locked"
    assert refusal(sessions.log_in, store, "lin", PASSWORD) == "accounts.locked"
    assert sessions.log_in(store, "lin", PASSWORD, origin=known)
    for _ in range(5):
        refusal(sessions.log_in, store, "lin", "wrong", origin=known)
    assert refusal(sessions.log_in, store, "lin", PASSWORD, origin=known) == "accounts.locked", "nor guess for ever"


@pytest.mark.guarantee("login-lock")
def test_one_address_may_not_try_many_names_and_an_office_may_mistype(store, lin):
    office, attacker = Origin(address="198.51.100.1"), Origin(address="203.0.113.5")
    subject = [guessing.Subject("address", attacker.address)]
    for number in range(59):  # without hashing: the count is what is tested
        with store.act("nobody", "session.refuse", "person", f"nobody-{number}") as tx:
            guessing.count(store, tx, subject)
    assert refusal(sessions.log_in, store, "name 60", "wrong", origin=attacker) == "accounts.wrong"
    assert refusal(sessions.log_in, store, "lin", PASSWORD, origin=attacker) == "accounts.locked"
    for number in range(4):
        refusal(sessions.log_in, store, f"colleague {number}", "wrong", origin=office)
    assert sessions.log_in(store, "lin", PASSWORD, origin=office)


# --- sessions ------------------------------------------------------------------------------------------------------


def test_ending_the_others_leaves_this_one(store, lin):
    others = [sessions.log_in(store, "lin", PASSWORD, origin=Origin(browser="Firefox · Linux")) for _ in range(2)]
    own = sessions.log_in(store, "lin", PASSWORD)
    assert len(sessions.of_person(store, lin.person_id)) == 3
    assert accounts.end_other_sessions(store, own) == 2
    assert [sessions.by_token(store, one.token) for one in others] == [None, None]
    assert sessions.by_token(store, own.token)


@pytest.mark.guarantee("session-act-as")
def test_a_lowered_clearance_holds_for_the_session_and_goes_up_by_password_only(store, lin):
    session, other = sessions.log_in(store, "lin", PASSWORD), sessions.log_in(store, "lin", PASSWORD)
    assert session.person.clearance == Level.SECRET
    accounts.act_as(store, session, Level.PUBLIC)
    lowered = sessions.by_token(store, session.token)
    assert (lowered.person.clearance, lowered.lowered_to) == (Level.PUBLIC, Level.PUBLIC)
    assert sessions.by_token(store, other.token).person.clearance == Level.SECRET
    for up in (Level.INTERNAL, None):
        assert refusal(accounts.act_as, store, lowered, up, "wrong") == "accounts.wrong_password"
        assert sessions.by_token(store, session.token).person.clearance == Level.PUBLIC
    accounts.act_as(store, lowered, None, PASSWORD)
    assert sessions.by_token(store, session.token).person.clearance == Level.SECRET


def test_a_language_chosen_at_login_counts_for_the_session(store, lin):
    assert sessions.log_in(store, "lin", PASSWORD, origin=Origin(language="en")).language == "en"
    assert sessions.log_in(store, "lin", PASSWORD, origin=Origin(language="xx")).language == "zh-CN"
    assert sessions.log_in(store, "lin", PASSWORD).language == "zh-CN"


@pytest.mark.guarantee("session-ends")
def test_a_clock_that_was_set_back_makes_no_session_live_longer(store, lin, clock_at):
    session = sessions.log_in(store, "lin", PASSWORD)
    clock_at(timedelta(hours=-2))
    assert sessions.by_token(store, session.token) is None


@pytest.mark.parametrize(
    "line", ["idle_minutes = 0", 'idle_minutes = "30"', "longest_hours = 1000", "idle = 3", 'proxy_header = "X-User"',
             'second_factor_for = ["boss"]', 'labs = "https://elsewhere.example/"'],
)  # fmt: skip
def test_wrong_settings_are_said(store, lin, line):
    from custinfo.domain.errors import SiteFault
    from custinfo.store import login_settings

    settings = store.site.home / "site.toml"
    settings.write_text(settings.read_text() + f"\n[login]\n{line}\n")
    store.site.__dict__.pop("settings", None)
    with pytest.raises(SiteFault) as fault:
        login_settings.of(store.site)
    assert fault.value.key == "site.settings"
