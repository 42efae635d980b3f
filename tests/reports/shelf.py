"""A shelf of reports, made once and only read: October out and revised twice, September out, August a draft."""

import json
from datetime import timedelta

import pytest

from custinfo.reports import build, correcting, issuing, outside_issues, revisions, uses
from tests.factories import empty_site
from tests.reports import sites
from tests.reports.test_correcting import LATER, MORE, NET, approve, figures_only, released, slip
from tests.reports.test_issuing import Office

PAGE = """<html><body><main><h2>Text</h2><p class="summary">Net sales {net}.</p><p class="note">How to read it</p>
<section><h2>Tables</h2><div><table><caption>Sales</caption><thead><tr><th class="text">Of</th><th class="fen">Net</th></tr>
</thead><tbody><tr><th>{hostile}</th><td{was}>{net}{mark}</td></tr></tbody></table></div></section></main></body></html>"""
HOSTILE = "&lt;script&gt;alert(1)&lt;/script&gt;"


class Shelf(Office):
    """`out` is the original of October, `second` mended an error, `third` took late data in; `use` was registered in
    the original, and `slips` are the two corrections.
    """

    def fill(self):
        store = self.store
        sites.publish(store.site)
        self.define()
        self.out = released(self, self.draft())
        self.use = uses.register(store, self.information_administrator, self.out, f"{{{NET}}}", "Slides of 3 Nov")
        self.other_use = uses.register(store, self.manager, self.out, "t1.total.customers", "Poster in the hall")
        sites.publish(store.site, sales=MORE, now=LATER, batch="b2")
        first = slip(self, self.out)
        self.second = self._revised(first)
        sites.publish(store.site, sales=MORE, now=LATER + timedelta(days=1), batch="b3")
        last = slip(self, self.second, cause="late")
        self.third = self._revised(last)
        self.slips = (first, last)
        self.september = released(self, self.draft("2026-09"))
        self.august = self.draft("2026-08")

    def _revised(self, correction):
        approve(self, correction)
        return released(self, correcting.revise(self.store, self.analyst, correction))


def with_a_page(site, order, folder, _worker=None):
    """In the place of a build: its figures, and a page that is short."""
    figures_only(site, order, folder)
    told = revisions.FILE in order.beside
    given = {"net": "¥1", "hostile": HOSTILE, "was": ' title="Issued before: ¥2"' * told}
    page = PAGE.format(**given, mark='<sup class="revised">r</sup>' * told)
    (folder / f"{order.stem}.html").write_text(page, "utf-8")
    assert json.loads((folder / issuing.FIGURES).read_bytes())


@pytest.fixture(scope="session")
def shelf(tmp_path_factory):
    """The shelf, with its people."""
    with empty_site(tmp_path_factory.mktemp("shelf") / "site") as store:
        made = Shelf(store)
        # While it is filled and no longer: it lives for all tests of a process
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(build, "run", with_a_page)
            patched.setattr(outside_issues, "given", sites.nothing_withheld)
            made.fill()
        yield made
