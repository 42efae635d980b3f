"""The script that draws charts comes from this server, whole, and is made once."""

import asyncio
import gzip
import re

import pytest
from tornado.web import HTTPError

from custinfo.server import assets, chart_script


def test_the_script_is_whole_and_made_once():
    async def twice():
        script = chart_script.ChartScript()
        first, again = await asyncio.gather(script.content(), script.content())
        return first, again

    (plain, packed), again = asyncio.run(twice())
    assert again == (plain, packed)
    assert gzip.decompress(packed) == plain
    assert b"vega" in plain
    # Nothing is loaded from anywhere else
    assert not re.search(rb"(import|from)\s*\(?[\"']https?:", plain)


def test_a_script_that_cannot_be_made_is_not_found_and_tried_again(monkeypatch):
    monkeypatch.setattr(chart_script, "PROGRAM", "raise SystemExit(1)")
    script = chart_script.ChartScript()

    async def ask():
        with pytest.raises(HTTPError) as missing:
            await script.content()
        return missing.value.status_code

    async def both():
        failed = await ask()
        monkeypatch.setattr(chart_script, "PROGRAM", "print('x')")
        return failed, await script.content()

    failed, (plain, _) = asyncio.run(both())
    assert failed == 404
    assert plain == b"x\n"


def test_another_version_of_a_library_is_another_address(monkeypatch):
    before = assets.Assets().url("widgets", "charts.js")
    assert before.endswith("/widgets/charts.js")
    monkeypatch.setattr(chart_script, "edition", lambda: "altair 99")
    assert assets.Assets().url("widgets", "charts.js") != before
