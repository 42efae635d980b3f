"""Real accounts of the operating system: what an analyst's may open of a site that `deploy/install.sh` has set up."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

import custinfo
from custinfo.actions import forms
from custinfo.actions import lake as lakes
from custinfo.domain.people import SERVICE
from custinfo.store import Site, Store
from tests.factories import account, card

PROJECT = Path(__file__).resolve().parents[1]
SERVICE_ACCOUNT, ANALYST, STRANGER, GROUP = "cutest-svc", "cutest-wu", "cutest-out", "cutest-lake"
NEEDED = ("useradd", "userdel", "groupdel", "setpriv")
NO_RIGHT = (
    "needs root and useradd, to make real accounts of the operating system"
    if os.geteuid() or not all(shutil.which(tool) for tool in NEEDED)
    else ""
)
pytestmark = pytest.mark.skipif(bool(NO_RIGHT), reason=NO_RIGHT)


def run(*command, **more):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **more)


def interpreter():
    """A Python of this version that every account may run: ours, or the system's."""
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        if run("setpriv", "--reuid", STRANGER, "--regid", STRANGER, "--init-groups", python, "-c", "1").returncode == 0:
            return python
    pytest.skip("no Python of this version that other accounts may run")
    return None


@pytest.fixture(scope="module")
def accounts():
    for name in (SERVICE_ACCOUNT, ANALYST, STRANGER):
        run("userdel", name)
    run("groupdel", GROUP)
    for name in (ANALYST, STRANGER):
        assert run("useradd", "--system", "--user-group", "--no-create-home", name).returncode == 0
    yield
    for name in (SERVICE_ACCOUNT, ANALYST, STRANGER):
        run("userdel", name)
    run("groupdel", GROUP)


@pytest.fixture(scope="module")
def setup(accounts):
    """A site with one published customer, on a machine where the installer has run twice."""
    root = Path(tempfile.mkdtemp(prefix="cutest-", dir="/tmp"))
    root.chmod(0o755)
    state = root / "state"
    state.mkdir(mode=0o755)
    home = state / "site"
    with Store.create(Site.create(home, name="测试公司")) as store:
        shipped = (PROJECT / "forms" / "enterprise_card.md").read_bytes()
        forms.publish(store, SERVICE, "enterprise_card.md", shipped)
        card(store, account(store, login_name="lin"))
        lakes.publish(store, SERVICE)
    (home / "reports" / "monthly").mkdir(parents=True, exist_ok=True)
    (home / "reports" / "monthly" / "old.html").write_text("a report")
    (root / "app" / ".venv" / "bin").mkdir(parents=True)
    shutil.copy("/bin/true", root / "app" / ".venv" / "bin" / "custinfo")
    places = {
        "APP": root / "app",
        "STATE": state,
        "ETC": root / "etc",
        "UNITS": root / "units",
        "COMMANDS": root / "sbin",
    }
    names = {"ACCOUNT": SERVICE_ACCOUNT, "ANALYSTS": GROUP}
    environment = os.environ | {f"CUSTINFO_{name}": str(value) for name, value in (places | names).items()}
    said = [run(PROJECT / "deploy" / "install.sh", env=environment) for _ in range(2)]
    assert [one.returncode for one in said] == [0, 0], said
    assert "made" not in said[1].stdout, "a second run makes nothing anew"
    assert run("usermod", "--append", "--groups", GROUP, ANALYST).returncode == 0
    python = interpreter()
    packages = next(path for path in sys.path if path.endswith("site-packages"))

    def by(name, code, *arguments):
        """Run Python as an account; gives its result."""
        command = ["setpriv", "--reuid", name, "--regid", name, "--init-groups", python, "-c", code, *arguments]
        env = {"PYTHONPATH": f"{PROJECT}:{packages}", "PATH": "/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8"}
        return run(*command, env=env | {"PYTHONDONTWRITEBYTECODE": "1", "CREDENTIALS_DIRECTORY": str(root / "given")})

    yield SimpleNamespace(root=root, home=home, lake=home / "lake", by=by, environment=environment)
    shutil.rmtree(root)


OPEN = "import sys; open(sys.argv[1], 'rb').read(1); print('opened')"
LIST = "import os, sys; print(os.listdir(sys.argv[1]))"


@pytest.mark.guarantee("deploy-analyst")
def test_an_analysts_account_opens_nothing_of_a_site_but_its_lake(setup):
    found = [path for path in setup.home.rglob("*") if setup.lake not in (path, *path.parents)]
    names = {path.name for path in found}
    assert {"store.db", "site.toml", "keys", "ring.json", "anchor", "reports", "old.html"} <= names
    for path in [*found, setup.home, setup.root / "etc" / "master.key"]:
        for name in (ANALYST, STRANGER):
            tried = setup.by(name, LIST if path.is_dir() else OPEN, str(path))
            assert tried.returncode != 0 and "PermissionError" in tried.stderr, (name, path, tried.stdout)


@pytest.mark.guarantee("deploy-analyst")
def test_an_analysts_account_reads_the_lake_and_others_do_not(setup):
    read = (
        "import sys, custinfo; lake = custinfo.open(sys.argv[1]); print(lake.version, lake.customers.count().execute())"
    )
    lake = custinfo.open(setup.lake)
    there = [str(lake.version), str(lake.customers.count().execute())]
    assert setup.by(ANALYST, read, str(setup.lake)).stdout.split() == there
    assert setup.by(STRANGER, read, str(setup.lake)).returncode != 0
    told = setup.by(ANALYST, "import custinfo; custinfo.open()")
    assert "CUSTINFO_LAKE" in told.stderr


@pytest.mark.guarantee("deploy-analyst")
def test_an_analysts_account_changes_nothing_in_the_lake(setup):
    change = (
        "import os, sys\nfor way in (lambda p: open(p, 'ab'), os.unlink, lambda p: os.rename(p, p + 'x'), "
        "lambda p: os.chmod(p, 0o666), lambda p: open(os.path.join(os.path.dirname(p), 'new'), 'w')):\n"
        "    try: way(sys.argv[1]); print('changed', way)\n    except PermissionError: pass\n"
    )
    files = [path for path in setup.lake.rglob("*") if path.is_file()]
    assert any(path.suffix == ".parquet" for path in files)
    for path in files:
        tried = setup.by(ANALYST, change, str(path))
        assert (tried.returncode, tried.stdout) == (0, ""), path


@pytest.mark.guarantee("deploy-analyst")
def test_what_the_service_publishes_later_is_the_analysts_to_read_and_nothing_else_is(setup):
    given = setup.root / "given"
    given.mkdir(mode=0o700)
    shutil.copy(setup.root / "etc" / "master.key", given / "custinfo-master")
    shutil.chown(given, SERVICE_ACCOUNT)
    shutil.chown(given / "custinfo-master", SERVICE_ACCOUNT)
    publish = (
        "import os, sys; os.umask(0o077); from pathlib import Path; from custinfo.store import Site, Store; "
        "from custinfo.domain.people import SERVICE; from custinfo.actions import lake, people; "
        "from tests.factories import card, CARD, NAME, code_for\n"
        "with Store.open(Site.load(Path(sys.argv[1]))) as store:\n"
        "    lin = people.by_login_name(store, 'lin')\n"
        "    card(store, lin, CARD | {NAME: '乙公司', '/data/basic/credit_code': code_for(90002), "
        "'/data/people/phone': '0755-08880009'}, key='two')\n"
        "    lake.publish(store, SERVICE)\n"
    )
    done = setup.by(SERVICE_ACCOUNT, publish, str(setup.home))
    assert done.returncode == 0, done.stderr
    read = "import sys, custinfo; print(custinfo.open(sys.argv[1]).customers.count().execute())"
    assert setup.by(ANALYST, read, str(setup.lake)).stdout.split() == ["2"]
    test_an_analysts_account_opens_nothing_of_a_site_but_its_lake(setup)


@pytest.mark.guarantee("deploy-master-key")
def test_the_master_key_lies_with_root_and_the_service_alone_is_given_it(setup):
    key = setup.root / "etc" / "master.key"
    assert key.stat().st_uid == 0 and key.stat().st_mode & 0o777 == 0o400
    assert not list((setup.home / "keys").glob("master-*"))
    assert setup.by(SERVICE_ACCOUNT, OPEN, str(key)).returncode != 0


def test_the_installer_takes_root_and_a_project(setup):
    refused = run("setpriv", "--reuid", STRANGER, "--regid", STRANGER, "--clear-groups", "/bin/sh",
                  PROJECT / "deploy" / "install.sh", env=setup.environment)  # fmt: skip
    assert refused.returncode == 1 and "root" in refused.stderr
    missing = run(PROJECT / "deploy" / "install.sh", env=setup.environment | {"CUSTINFO_APP": "/nowhere"})
    assert missing.returncode == 1 and "make" in missing.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze, which is not on this machine")
def test_the_units_are_well_formed_and_hardened(setup):
    units = sorted((PROJECT / "deploy" / "systemd").iterdir())
    timers = {unit.stem for unit in units if unit.suffix == ".timer"}
    assert timers <= {unit.stem for unit in units if unit.suffix == ".service"}
    told = run("systemd-analyze", "verify", "--man=no", *units)
    wrong = [line for line in told.stderr.splitlines() if "is not executable" not in line and "custinfo" in line]
    assert wrong == []
    for unit in units:
        text = unit.read_text("utf-8")
        if unit.suffix == ".service" and "@" not in unit.name:
            for line in ("User=custinfo", "UMask=0077", "NoNewPrivileges=yes", "ProtectSystem=strict", "LimitCORE=0"):
                assert line in text, unit
            given = "LoadCredential=custinfo-master:/etc/custinfo/master.key" in text
            assert given == ("SetCredential=custinfo-master:missing" in text), "a lost key locks it, it still starts"
    assert "LimitNOFILE=65536" in (PROJECT / "deploy" / "systemd" / "custinfo.service").read_text("utf-8")


def test_the_proxy_is_set_up_in_words_that_the_nginx_of_debian_12_knows():
    said = (PROJECT / "deploy" / "proxy" / "nginx.conf").read_text("utf-8")
    assert said.count("listen 443 ssl http2;") == 2
    assert "http2 on" not in said, "known from nginx 1.25.1 on, Debian 12 has 1.22"
