"""What is due about credit: the register, whose list it is on, and the commands."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from custinfo.actions import credit, credit_decisions, credit_due, credit_records, credit_watch, due
from custinfo.actions.delegations import today
from custinfo.cli import main
from custinfo.domain.errors import NotAllowed
from custinfo.domain.people import SERVICE, Role
from tests.credit_sites import approve, customer, file, rate, sell, staff
from tests.factories import account, site_with_forms


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Five customers: rated from evidence that ends soon and over its limit; with a paper that ends and bad figures;
    new without papers; buying far more than before; rated from evidence that ends soon, to be rated again.
    """
    folder = tmp_path_factory.mktemp("watch")
    with site_with_forms(folder / "site") as store:
        people = staff(store)
        day = today(store)
        names = ("rated", "papers", "new", "busy", "mended")
        made = {name: customer(store, people["one"], 91001 + place) for place, name in enumerate(names)}
        numbers = {name: one.customer_number for name, one in made.items()}
        for name in ("rated", "mended"):
            for who in ("one", "two"):
                rate(store, people[who], numbers[name], months_old=3)
            _decide(store, people, made[name].customer_id)
        lines = [
            (numbers["rated"], "sale", day - timedelta(days=120), "90000.00"),
            (numbers["new"], "sale", day - timedelta(days=10), "100.00"),
            (numbers["busy"], "sale", day, "90000.00"),
        ]
        for ago in (150, 120, 90, 60):
            lines.append((numbers["busy"], "sale", day - timedelta(days=ago), "10000.00"))
            lines.append((numbers["busy"], "payment", day - timedelta(days=ago - 1), "10000.00"))
        sell(store, folder, lines)
        _papers(store, people["one"], numbers["papers"], day)
        _figures(store, people["one"], numbers["papers"], day)
        looked = credit_watch.watch(store, SERVICE)
        assert looked.new == looked.open == len(credit_due.listed(store, people["boss"]))
        yield store, people, made, looked


def _decide(store, people, customer_id):
    decision = credit.decide(store, people["boss"], customer_id)
    approve(store, people["manager"], kind=credit_decisions.KIND, object_id=decision)


def _papers(store, who, number, day):
    paper = {
        "paper_kind": "licence", "seen_on": str(day - timedelta(days=300)), "checked_by": "林某",
        "checked_where": "公示系统", "valid_until": str(day + timedelta(days=20)),
    }  # fmt: skip
    said = {"dossier": {"customer_number": number}, "papers": {"paper": [paper]}}
    file(store, who, credit_records.PAPERS_FORM, said)


def _figures(store, who, number, day):
    from custinfo.actions import forms
    from tests.source_forms import fill, filled

    form = forms.load(store, "credit_report")
    opened = forms.session(store, form, {})
    answers = filled("credit_report", day) | {"/data/report/customer_number": number}
    year = "/data/finance/statement[1]"
    answers |= {f"{year}/profit": "-100", f"{year}/assets": "1000", f"{year}/liabilities": "900"}
    order = list(form.nodes)
    answers = dict(sorted(answers.items(), key=lambda item: order.index(item[0].replace("[1]", "").replace("[2]", ""))))
    made = fill(opened, answers).finish()
    file(store, who, "credit_report", made.values)


def kinds(rows):
    return sorted({(row.what_key.rpartition(".")[2], row.customer_id) for row in rows})


def test_what_is_noticed(world):
    store, people, made, _ = world
    found = kinds(credit_due.listed(store, people["boss"]))
    of = {name: one.customer_id for name, one in made.items()}
    expected = {
        ("review", of["rated"]), ("over_limit", of["rated"]), ("dunning", of["rated"]), ("paper", of["papers"]),
        ("warning", of["papers"]), ("gate", of["new"]), ("sign", of["busy"]),
    }  # fmt: skip
    assert expected <= set(found)
    assert ("gate", of["rated"]) not in found, "who has dealt with us for long is past the first dealing"


def test_the_sentences_name_customers_amounts_and_words(world):
    store, people, made, _ = world
    rows = credit_due.listed(store, people["boss"], made["rated"].customer_id)
    said = {row.what_key.rpartition(".")[2]: row.text("zh-CN") for row in rows}
    assert made["rated"].customer_number in said["dunning"]
    assert "¥90,000.00" in said["dunning"]
    assert "提醒" in said["dunning"]
    english = " ".join(row.text("en") for row in rows)
    assert "Reminder" in english
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in english)


def test_whose_list_it_is_on(world):
    store, people, _, _ = world
    day = today(store)

    def theirs(who, **more):
        return {kind for kind, _ in kinds(due.listed(store, who, day, kind="credit", limit=99, **more).rows)}

    assert theirs(people["one"]) == {"dunning"}, "who looks after the customers"
    assert theirs(people["two"]) == set()
    assert {"review", "over_limit", "paper", "warning", "gate"} <= theirs(people["boss"])
    assert "sign" not in theirs(people["boss"])
    assert "sign" in theirs(people["head"]), "a customer on account out of the ordinary goes to the head of department"
    assert theirs(people["head"], department=True) == {"dunning"}
    elsewhere = account(store, Role.SUPERVISOR, login_name="elsewhere", department="别处")
    assert theirs(elsewhere) == set()


def test_looked_at_again_nothing_is_new_and_what_is_mended_ends(world):
    store, people, made, _ = world
    again = credit_watch.watch(store, SERVICE)
    assert (again.new, again.ended) == (0, 0)
    for who in ("one", "two"):
        rate(store, people[who], made["mended"].customer_number, 4)
    _decide(store, people, made["mended"].customer_id)
    mended = credit_watch.watch(store, SERVICE, only=[made["mended"].customer_id])
    assert mended.ended == 1
    row = store.row("SELECT * FROM credit_notice WHERE kind = 'review' AND ended_on IS NOT NULL")
    assert row["ended_on"] == str(today(store))
    with pytest.raises(NotAllowed):
        credit_watch.watch(store, people["boss"])


def test_the_commands(world):
    store, _, made, _ = world
    home, number = str(store.site.home), made["papers"].customer_number
    run = CliRunner()
    env = {"CUSTINFO_LANGUAGE": "en", "CUSTINFO_HOME": home}
    gate = run.invoke(main, ["credit", "gate", number, "--json"], env=env)
    assert gate.exit_code == 1
    said = json.loads(gate.output)
    assert (said["gate_open"], "ability" in {lack["kind"] for lack in said["lacks"]}) == (False, True)
    told = run.invoke(main, ["credit", "standing", number], env=env)
    assert told.exit_code == 0
    assert "Gate before the first dealing: shut" in told.output
    assert "Debt ratio (Alarm)" in told.output
    whole = json.loads(run.invoke(main, ["credit", "standing", number, "--json"], env=env).output)
    assert (whole["number"], whole["grade"], whole["years"][0]["net_profit"]) == (number, None, -10_000)
    due_now = run.invoke(main, ["credit", "due", number], env=env)
    assert "Business licence" in due_now.output
    unknown = run.invoke(main, ["credit", "gate", "C999999"], env=env)
    assert unknown.exit_code == 1
    assert "C999999" in unknown.output + (unknown.stderr if unknown.stderr_bytes else "")
    refused = run.invoke(main, ["credit", "decide", number, "--as", "boss"], env=env)
    assert refused.exit_code == 1
