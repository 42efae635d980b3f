"""The daily job and its mail: once a day, whatever happens in between; reminders that say numbers and nothing else."""

import email
import email.policy
import importlib
import subprocess
import sys
from datetime import timedelta
from email.header import decode_header, make_header
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from custinfo.actions import daily, delegations, mail
from custinfo.domain.clock import stamp, utc_now
from custinfo.domain.errors import BadInput, SiteFault, WrongState
from custinfo.domain.messages import LANGUAGES
from custinfo.store import Site, Store, private_files
from tests.approval_sites import asked, crowd_of, site_with_crowd
from tests.processes import free_port

CUSTINFO = Path(sys.executable).with_name("custinfo")


class Post:
    """A mail server that answers as told: `says` is what comes back for DATA; it hangs up instead when it is None."""

    def __init__(self):
        self.came, self.says, self.recipients = [], "250 OK", "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  # aiosmtpd's name
        if self.recipients.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipients

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  # aiosmtpd's name
        if self.says is None:
            self.came.append(envelope)
            server.transport.close()
            return "451 gone"
        if self.says.startswith("250"):
            self.came.append(envelope)
        return self.says


@pytest.fixture
def post():
    return Post()


@pytest.fixture
def port(post):
    server = Controller(post, hostname="127.0.0.1", port=free_port())
    server.start()
    yield server.port
    server.stop()


def section(port, **more):
    given = {"host": "127.0.0.1", "port": port, "tls": "none", "from": "custinfo@example.com"}
    given |= {"url": "https://custinfo.example.com"} | more
    return "[mail]\n" + "".join(f'{name} = {value if type(value) is int else f"{chr(34)}{value}{chr(34)}"}\n'
                                for name, value in given.items())  # fmt: skip


@pytest.fixture
def home(tmp_path, port):
    home = tmp_path / "site"
    with site_with_crowd(home) as store:
        people = crowd_of(store)
        mail.set_address(store, people.head, "head@example.com")
        mail.set_address(store, people.other, "other@example.com")
        asked(store, people.asker, object_id="X-秘密")
    with (home / "site.toml").open("a", encoding="utf-8") as file:
        file.write(section(port))
    return home


@pytest.fixture
def store(home):
    with Store.open(Site.load(home)) as opened:
        yield opened


def results(store, day=0):
    today = delegations.today(store) + timedelta(days=day)
    return {one.job: one for one in daily.run(store, today)}


def states(store):
    return [row["state"] for row in store.rows("SELECT state FROM mail ORDER BY queued_at")]


# Once


@pytest.mark.guarantee("daily-once")
def test_a_second_run_of_the_day_does_nothing_twice(store, post):
    first, second = results(store), results(store)
    assert first["reminders"].counts == {"queued": 1} and first["mail"].counts["sent"] == 1
    assert all(second[name].skipped for name in daily.JOBS) and second["mail"].counts["sent"] == 0
    assert len(post.came) == 1 and states(store) == ["sent"]
    assert len(store.rows("SELECT 1 FROM daily_run")) == len(daily.JOBS)
    assert results(store, day=1)["reminders"].counts == {"queued": 1}
    told = store.rows("SELECT detail FROM audit WHERE action = 'daily.end'")
    assert len(told) == 2 * len(daily.JOBS)
    assert store.verify_audit() == []


@pytest.mark.guarantee("daily-once")
def test_a_run_beside_another_is_refused(store):
    with private_files.lock(store.site.home / "daily.lock"), pytest.raises(WrongState):
        daily.run(store)
    assert store.rows("SELECT 1 FROM daily_run") == []


@pytest.mark.guarantee("daily-once")
def test_a_run_that_was_killed_is_gone_on_with(tmp_path):
    from tests.soak.sweep_approvals import kill_daily

    assert kill_daily(tmp_path, points=5) == (5, 0)


def test_what_fails_keeps_no_other_job_from_its_turn_and_is_tried_again(store, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("a name that must not be seen")

    def refused(*_):
        raise WrongState("daily.busy")

    monkeypatch.setattr(delegations, "expire", broken)
    monkeypatch.setattr(daily, "escalate", refused)
    first = results(store)
    assert first["delegations"].problem.key == "daily.defect" and first["escalations"].problem.key == "daily.busy"
    assert first["reminders"].problem is None
    monkeypatch.undo()
    second = results(store)
    assert not second["delegations"].skipped and second["delegations"].problem is None and second["reminders"].skipped


def test_every_job_is_there():
    for place in [*daily.JOBS.values(), *daily.EVERY_TIME.values()]:
        module, _, function = place.partition(":")
        assert callable(getattr(importlib.import_module(module), function))


def test_escalations_are_put_on_the_log_once(store):
    with store.act("service", "person.read", "person", "x") as tx:
        tx.execute("UPDATE approval_case SET step_since = ?", [stamp(utc_now() - timedelta(days=30))])
    assert [results(store, day)["escalations"].counts["escalated"] for day in (0, 1)] == [1, 0]
    assert len(store.rows("SELECT 1 FROM audit WHERE action = 'approval.escalate'")) >= 1


def test_the_command_says_what_it_did_and_what_failed(home):
    done = subprocess.run([CUSTINFO, "daily", "--home", home], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "reminders" in done.stdout, done.stderr
    again = subprocess.run([CUSTINFO, "daily", "--home", home, "--json"], capture_output=True, text=True, check=True)
    assert '"skipped": true' in again.stdout
    text = (home / "site.toml").read_text("utf-8")
    (home / "site.toml").write_text(text.replace('tls = "none"', 'tls = "maybe"'), "utf-8")
    wrong = subprocess.run([CUSTINFO, "daily", "--home", home], capture_output=True, text=True, check=False)
    assert wrong.returncode == 1 and "tls" in wrong.stdout and "Traceback" not in wrong.stderr


# Mail


def text_of(envelope):
    return email.message_from_bytes(envelope.content, policy=email.policy.default)


@pytest.mark.guarantee("mail-no-personal-data")
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reminder_says_how_much_waits_and_where_and_nothing_else(store, post, language):
    people = crowd_of(store)
    with store.act("service", "person.read", "person", "x") as tx:
        tx.execute("UPDATE person SET language = ?", [language])
    results(store)
    [envelope] = post.came
    message = text_of(envelope)
    body, subject = message.get_content(), str(make_header(decode_header(message["Subject"])))
    assert envelope.rcpt_tos == ["head@example.com"] and "https://custinfo.example.com/waiting" in body
    assert "1" in body and message["Auto-Submitted"] == "auto-generated"
    known = [row[name] for row in store.rows("SELECT * FROM person") for name in ("display_name", "login_name")]
    for secret in ("X-秘密", "测试 1", "Test 1", *known, people.head.person_id):
        assert secret not in body and secret not in subject, secret


@pytest.mark.guarantee("mail-no-personal-data")
@pytest.mark.parametrize(
    "address",
    [
        "a@b", "a@b.c\nBcc: x@y.z", "a@b.c\r\nX: y", "a@b.c, x@y.z", "<a@b.c>", "甲@b.c", "a b@c.d", "a@b..c", "@b.c",
        "a" * 65 + "@b.c", "a@b.c ; x", "a@b.c\x00", "\"a b\"@c.d", "a@[127.0.0.1]", "a@b.c\u2028x",
    ],
)  # fmt: skip
def test_an_address_is_an_address_and_nothing_more(store, address):
    people = crowd_of(store)
    with pytest.raises(BadInput):
        mail.set_address(store, people.manager, address)
    assert mail.address_of(store, people.manager.person_id) == ""


@pytest.mark.guarantee("mail-no-personal-data")
def test_the_name_of_the_site_adds_no_header(home, post):
    text = (home / "site.toml").read_text("utf-8").replace("测试公司", "甲\\nBcc: x@y.z")
    (home / "site.toml").write_text(text, "utf-8")
    with Store.open(Site.load(home)) as store:
        results(store)
    [envelope] = post.came
    assert text_of(envelope)["Bcc"] is None and envelope.rcpt_tos == ["head@example.com"]


def again(store, hours=100):
    """A run when every pause is over."""
    with store.act("service", "person.read", "person", "x") as tx:
        tx.execute("UPDATE mail SET next_at = ?", [stamp(utc_now() - timedelta(hours=hours))])
    return results(store)["mail"].counts


@pytest.mark.guarantee("mail-at-most-once")
def test_what_was_certainly_not_taken_is_tried_again_later_and_not_for_ever(store, post):
    post.says = "451 try later"
    assert results(store)["mail"].counts["later"] == 1
    row = store.row("SELECT * FROM mail")
    assert row["state"] == "queued" and row["next_at"] > stamp(utc_now() + timedelta(minutes=9))
    assert results(store)["mail"].counts["later"] == 0, "not before its time"
    post.says = "250 OK"
    assert again(store)["sent"] == 1 and len(post.came) == 1
    with store.act("service", "person.read", "person", "x") as tx:
        tx.execute("UPDATE mail SET state = 'queued', attempts = 0")
    post.says = "451 try later"
    assert [again(store)["failed"] for _ in range(mail.MOST_TRIES)][-1] == 1
    assert states(store) == ["failed"] and len(post.came) == 1


@pytest.mark.guarantee("mail-at-most-once")
@pytest.mark.parametrize("where", ["recipients", "says"])
def test_what_will_never_be_taken_is_given_up(store, post, where):
    setattr(post, where, "550 no such mailbox")
    assert results(store)["mail"].counts["failed"] == 1
    assert again(store)["sent"] == 0 and states(store) == ["failed"]


@pytest.mark.guarantee("mail-at-most-once")
def test_a_hand_over_that_was_cut_off_is_not_repeated(store, post):
    post.says = None
    results(store)
    post.says = "250 OK"
    assert again(store)["sent"] == 0 and len(post.came) == 1


@pytest.mark.guarantee("mail-at-most-once")
def test_one_that_a_killed_run_was_handing_over_is_counted_and_left(store, post, monkeypatch):
    monkeypatch.setattr(mail, "_hand_over", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        results(store)
    monkeypatch.undo()
    assert states(store) == ["sending"]
    counts = again(store)
    assert (counts["unsure"], counts["sent"], post.came) == (1, 0, [])


def test_no_server_costs_no_mail(home):
    text = (home / "site.toml").read_text("utf-8")
    with Store.open(Site.load(home)) as store:
        port = store.site.section("mail")["port"]
    (home / "site.toml").write_text(text.replace(f"port = {port}", f"port = {free_port()}"), "utf-8")
    with Store.open(Site.load(home)) as store:
        assert results(store)["mail"].counts["later"] == 1 and states(store) == ["queued"]


def test_a_site_without_mail_sends_none(tmp_path):
    with site_with_crowd(tmp_path / "site") as store:
        mail.set_address(store, crowd_of(store).head, "head@example.com")
        asked(store, crowd_of(store).asker)
        assert results(store)["reminders"].counts == {"queued": 0} and not mail.is_on(store.site)


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": ""}, {"port": 0}, {"port": 99999}, {"tls": "maybe"}, {"host": "mail.example.com"}, {"from": "x"},
        {"from": "a@b.c, d@e.f"}, {"url": "javascript:1"}, {"url": "https://a b"}, {"user": "u"},
        {"user": "u", "password_file": "nowhere"},
    ],
)  # fmt: skip
def test_wrong_settings_are_said_before_anything_is_sent(tmp_path, wrong):
    with site_with_crowd(tmp_path / "site"):
        pass
    with (tmp_path / "site" / "site.toml").open("a", encoding="utf-8") as file:
        file.write(section(**({"port": 25} | wrong)))
    with pytest.raises(SiteFault) as refused:
        mail.settings(Site.load(tmp_path / "site"))
    assert all(refused.value.text(language) for language in LANGUAGES)
