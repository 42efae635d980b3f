"""SQL in names: of forms, questions, choices, lists, datasets, properties, files, columns and of whatever is asked for.

Either the name is refused in a sentence, or it is a name like any other; the store is whole either way.
"""

import pytest

from custinfo import exchange, lake
from custinfo.actions import (
    batches,
    customers,
    files,
    form_exports,
    forms,
    holds,
    people,
    record_views,
    register_entries,
)
from custinfo.actions import lake as lake_actions
from custinfo.domain.errors import CustinfoError
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import SERVICE, Role
from tests import small_forms
from tests.factories import CARD, account, card, site_with_forms

HOSTILE = (
    "x\"; DROP TABLE record; --", "x'; DELETE FROM audit; --", "x\") UNION SELECT * FROM person --", "x]`[y", "a b'c\"d",
    "_x%27", "名'称",
)  # fmt: skip
TABLE = f"""
| survey |
| | type | name | label | save_to |
| | text | {{question}} | Said | {{property}} |
| | select_one {{list}} | size | Size |  |
| choices |
| | list_name | name | label |
| | {{list}} | {{choice}} | Small |
| | {{list}} | other | Other |
| entities |
| | list_name | label |
| | {{dataset}} | a |
| settings |
| | form_title | form_id | version | namespaces |
| | Hostile | {{form}} | 1 | {small_forms.NAMESPACE} |
"""
USUAL = {
    "question": "said", "property": "title", "list": "sizes", "choice": "small", "dataset": "shops", "form": "names",
}  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("names") / "site") as opened:
        opened.head = account(opened, Role.DEPARTMENT_HEAD, login_name="head")
        opened.admin = account(opened, Role.INFORMATION_ADMINISTRATOR, login_name="xu")
        opened.lin = account(opened, login_name="lin")
        opened.customer = card(opened, opened.lin, CARD)
        yield opened


@pytest.fixture
def whole(store):
    """Asserts that tables and triggers are those of before, and that the log verifies."""

    def schema():
        return store.rows("SELECT type, name, sql FROM sqlite_master ORDER BY type, name")

    before = schema(), store.row("SELECT count(*) AS n FROM person")
    yield
    assert (schema(), store.row("SELECT count(*) AS n FROM person")) == before
    assert store.verify_audit() == []


def sentence(error):
    for language in LANGUAGES:
        said = error.text(language)
        assert said and "Traceback" not in said and "sqlite" not in said.lower() and "syntax error" not in said.lower()


@pytest.mark.guarantee("names-hostile")
@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize("place", USUAL)
def test_a_form_with_such_names_is_refused_or_goes_the_whole_way(store, place):
    for number, name in enumerate(HOSTILE):
        said = USUAL | {"form": f"names_{place}_{number}"} | {place: name.replace("|", "")}
        question = f"/data/{said['question']}"
        try:
            form_id = small_forms.publish(store, TABLE.format(**said))
        except CustinfoError as refused:
            sentence(refused)
            continue
        answers = {question: "甲", "/data/size": said["choice"]}
        try:
            small_forms.send(store, store.lin, small_forms.fill(store, store.lin, form_id, answers))
        except (CustinfoError, ValueError):  # a choice with a blank in it cannot be chosen
            assert place == "choice"
            continue
        for format in exchange.EXPORTS:
            made = form_exports.export(store, store.head, form_id, format, language="en")
            assert made.rows == 1, (place, name, format)
        assert record_views.states(store, store.head, form_id)["received"] == 1


ASKED = {
    "form": forms.load,
    "form's version": lambda store, name: forms.load(store, "enterprise_card", name),
    "records of a form": lambda store, name: record_views.listed(store, store.head, form_id=name),
    "states": lambda store, name: record_views.states(store, store.head, name),
    "record": lambda store, name: record_views.read(store, store.head, name),
    "export": lambda store, name: form_exports.export(store, store.head, name, "csv", language="en"),
    "format": lambda store, name: form_exports.export(store, store.head, "enterprise_card", name, language="en"),
    "state": lambda store, name: form_exports.export(store, store.head, "enterprise_card", "csv", language="en", state=name),
    "customer": lambda store, name: customers.card(store, store.head, name, "en"),
    "search": lambda store, name: customers.search(store, store.head, name, 9, 0),
    "file": lambda store, name: files.get(store, store.head, name),
    "login": people.by_login_name,
    "dataset": lambda store, name: register_entries.newest(store, store.admin, name, 9),
    "hold": lambda store, name: holds.set_(store, store.admin, name, store.customer.customer_id, "why"),
    "held": lambda store, name: holds.set_(store, store.admin, "customer", name, "why"),
    "batch of a kind": lambda store, name: batches.import_file(
        store, SERVICE, name, store.site.home, batches.Origin("ERP", "contract"), errors=store.site.home
    ),
}  # fmt: skip


@pytest.mark.guarantee("names-hostile")
@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize("what", ASKED)
def test_what_is_asked_for_by_such_a_name_is_not_there(store, what):
    for name in (f"{one}z" for one in HOSTILE):  # some of the others are the names of forms by now
        try:
            found = ASKED[what](store, name)
        except CustinfoError as refused:
            sentence(refused)
            continue
        except KeyError:
            assert what == "batch of a kind", "kinds are an option of the command, which refuses others"
            continue
        rows = getattr(found, "rows", found)
        assert not rows or set(rows.values()) == {0}, (what, name)


@pytest.mark.guarantee("names-hostile")
@pytest.mark.usefixtures("whole")
def test_such_names_of_files_columns_and_products_reach_the_lake_as_they_are(store, tmp_path):
    for number, name in enumerate(HOSTILE):
        file = tmp_path / f"{name.replace('/', '_')}.csv"
        cell = '"' + name.replace('"', '""') + '"'
        lines = [
            f"customer,line_no,kind,date,product,quantity,amount,{cell}",
            f"{store.customer.customer_number},L{number},sale,2026-10-05,{cell},1,1.00,x",
        ]
        file.write_text("\n".join(lines) + "\n", "utf-8")
        batches.import_sales(store, SERVICE, file, source=name, lawful_basis="contract", errors=tmp_path)
    lake_actions.publish(store, SERVICE)
    opened = lake.open(store.site)
    assert sorted(opened.sales.to_pyarrow()["product"].to_pylist()) == sorted(HOSTILE)
    with pytest.raises(KeyError):
        opened.table(HOSTILE[0])
