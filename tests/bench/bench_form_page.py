"""The enterprise card, from the address to its first question, in ours and in Streamlit: same questions, same Chromium, in turns.

The time runs from the start of the navigation until the first question's input is on the page and takes a focus. Both
servers are warm and their static files are in the browser's cache, as on a working day.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from custinfo.actions import forms
from tests import browser as browsers
from tests.bench import peers
from tests.factories import PASSWORD, account, site_with_forms
from tests.processes import free_port

ROUNDS = 7
BAR = 1.0
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def main() -> None:
    peers.make()
    executable = browsers.executable()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "site"
        with site_with_forms(home) as store:
            account(store, login_name="lin")
            (Path(folder) / "form.json").write_text(json.dumps(_described(store), ensure_ascii=False), "utf-8")
        ours, peer = free_port(), free_port()
        servers = [_serve_ours(home, ours), _serve_peer(Path(folder), peer)]
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
                print(json.dumps(_measured(browser.new_context(locale="zh-CN").new_page(), ours, peer)))
                browser.close()
        finally:
            for server in servers:
                server.terminate()
                server.wait()


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
    page.goto(f"http://127.0.0.1:{ours}/login")
    page.locator("input[autocomplete=username]").fill("lin")
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"http://127.0.0.1:{ours}/")
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


def _serve_ours(home: Path, port: int) -> subprocess.Popen[bytes]:
    command = [Path(sys.executable).with_name("custinfo"), "serve", "--home", home, "--port", str(port)]
    return _started(command, f"http://127.0.0.1:{port}/healthz")


def _serve_peer(folder: Path, port: int) -> subprocess.Popen[bytes]:
    command = [peers.PYTHON, "-m", "streamlit", "run", Path(__file__).with_name("streamlit_form.py")]
    command += ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true"]
    command += ["--browser.gatherUsageStats", "false"]
    return _started(
        command, f"http://127.0.0.1:{port}/_stcore/health", FORM_JSON=str(folder / "form.json"), HOME=str(folder)
    )


def _started(command: list, health: str, **environment: str) -> subprocess.Popen[bytes]:
    server = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | environment
    )
    for _ in range(600):
        try:
            with urllib.request.urlopen(health):
                return server
        except OSError:
            assert server.poll() is None, f"{command[0]} ended"
            time.sleep(0.1)
    raise TimeoutError(command)


if __name__ == "__main__":
    main()
