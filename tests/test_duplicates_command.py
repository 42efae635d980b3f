"""`custinfo dedupe`: compares all, lists, merges by rule when asked, and can be run again at any time."""

import json

import pytest
from click.testing import CliRunner

from custinfo.cli import main
from custinfo.domain.people import Role
from tests import factories
from tests.merging import PERSON, person


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dedupe") / "site"
    with factories.site_with_forms(folder) as store:
        clerk = factories.account(store, login_name="lin")
        factories.account(store, Role.SUPERVISOR, login_name="zhao")
        for key in ("1", "2"):
            person(store, clerk, PERSON, key=key)
    return folder


def run(home, *arguments):
    return CliRunner().invoke(main, ["dedupe", "--home", str(home), *arguments])


def test_pairs_are_counted_and_merged_only_by_who_may_and_when_asked(home):
    assert json.loads(run(home, "--reindex", "--json").stdout) == {"indexed": 2}
    first = json.loads(run(home, "--json").stdout)
    assert (first["customers"], first["pairs"], first["new"], first["merged"], first["waiting"]) == (2, 1, 0, 0, 1)
    refused = run(home, "--as", "zhao")
    assert refused.exit_code == 1 and "zhao" not in refused.stderr and refused.stderr.strip()
    unknown = run(home, "--engine", "abacus")
    assert unknown.exit_code == 1 and "abacus" in unknown.stderr
    assert run(home, "--engine", "duckdb").exit_code == 0
    merged = json.loads(run(home, "--automatic", "--json").stdout)
    assert merged["merged"] + merged["waiting"] == 1
