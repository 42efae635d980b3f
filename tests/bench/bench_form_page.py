"""The enterprise card, from the address to its first question, in ours and in Streamlit: same questions, same Chromium, in turns.

The time runs from the start of the navigation until the first question's input is on the page and takes a focus. Both
servers are warm and their static files are in the browser's cache, as on a working day.
"""

import json
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Page

from custinfo.actions import forms
from tests.bench import peers, served
from tests.factories import account, site_with_forms
from tests.processes import free_port

ROUNDS = 7
BAR = 1.0


def main() -> None:
    peers.make()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        home, ours, peer = Path(folder) / "site", free_port(), free_port()
        with site_with_forms(home) as store:
            account(store, login_name="lin")
            form = Path(folder) / "form.json"
            form.write_text(json.dumps(_described(store), ensure_ascii=False), "utf-8")
        servers.enter_context(served.custinfo(home, ours))
        health = f"http://127.0.0.1:{peer}/_stcore/health"
        servers.enter_context(served.started(_streamlit(peer), health, FORM_JSON=str(form), HOME=folder))
        browser = servers.enter_context(served.chromium())
        print(json.dumps(_measured(browser.new_context(locale="zh-CN").new_page(), ours, peer)))


def _described(store) -> dict:
    form = forms.load(store, "enterprise_card")
    session = forms.session(store, form, {})
    groups = []
    for group in session.layout():
        questions = []
        for drawn in (one for one in group.walk() if one.is_question):
            state = session.state(drawn.ref)
            questions.append(
                {
                    "ref": drawn.ref,
                    "kind": drawn.kind,
                    "type": drawn.type,
                    "appearance": drawn.appearance,
                    "label": drawn.label,
                    "hint": drawn.hint,
                    "required": state.required,
                    "choices": [label for _, label in state.choices],
                }
            )
        groups.append({"label": group.label, "questions": questions})
    return {"title": forms.titles(form)["zh-CN"], "groups": groups}


def _measured(page: Page, ours: int, peer: int) -> dict:
    served.log_in(page, ours)
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    for turn in range(ROUNDS + 1):  # the first turn fills the caches and is not counted
        for name, url in (
            ("ours", f"http://127.0.0.1:{ours}/form/enterprise_card"),
            ("peer", f"http://127.0.0.1:{peer}/"),
        ):
            page.goto("about:blank")
            began = time.perf_counter()
            page.goto(url, wait_until="commit")
            page.get_by_label("企业名称").first.focus(timeout=60_000)
            if turn:
                times[name].append(time.perf_counter() - began)
    mine, theirs = statistics.median(times["ours"]), statistics.median(times["peer"])
    ratio = round(mine / theirs, 3)
    return {
        "name": "form_page_first_question",
        "ours": round(mine, 3),
        "peer": round(theirs, 3),
        "unit": "s (median of 7), peer: Streamlit",
        "ratio": ratio,
        "bar": BAR,
        "holds": ratio <= BAR,
    }


def _streamlit(port: int) -> list[str | Path]:
    command: list[str | Path] = [peers.PYTHON, "-m", "streamlit", "run", Path(__file__).with_name("streamlit_form.py")]
    command += ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true"]
    return [*command, "--browser.gatherUsageStats", "false"]


if __name__ == "__main__":
    main()
