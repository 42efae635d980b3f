"""A form of 500 questions on its page, in Chromium: until it is usable, from an answer until it is redrawn, and its bytes.

*Usable*: from the start of the navigation until the first question has the focus (`drawn`), a letter is typed there, and the
kernel has acknowledged it: that answer is stored. The peer is an empty notebook on a stock Voilà server of the
same versions, until Voilà takes its spinner away and shows the page; both in turns, warm, with their files in the cache.

*Redrawn*: from the key that answers until the frame that shows all that came of it: questions that came or went, or the
problem at a number that is out of bounds. Measured by the page's own clock.

*Bytes*: of the page as HTML and of the message that describes it, beside a form of 50 questions in as many
sections, of which the same one is shown.
"""

import json
import math
import os
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import nbformat
from playwright.sync_api import BrowserContext, Page, WebSocket

from custinfo.actions import forms
from custinfo.domain.people import SERVICE
from tests.bench import long_pages, served
from tests.factories import account, draft_of, empty_site
from tests.processes import free_port

QUESTIONS = 20
LONG, SHORT = "long_form", "short_form"
SIZES = {LONG: [QUESTIONS] * 25, SHORT: [QUESTIONS, *[2] * 6, *[1] * 18]}
ROUNDS, ANSWERS = 9, 40
USABLE, REDRAWN, SAME = 1.2, 100.0, 1.02
LIMIT = 60_000

# Both conditions are looked at before every frame, by the page itself
READY = """(() => {
  const ready = () => (location.pathname.startsWith("/form/")
    ? document.activeElement?.closest(".ci-form-body .ci-q")
    : document.getElementById("rendered_cells") && !document.getElementById("loading"));
  window.benchReady = new Promise((found) => {
    const look = () => (ready() ? found(performance.now()) : requestAnimationFrame(look));
    look();
  });
})();"""
SAVED = """() => new Promise((found) => {
  const look = () => (window.custinfo?.saved ? found(performance.now()) : requestAnimationFrame(look));
  look();
})"""
# A task that is queued inside a frame's callback runs when that frame has been drawn
REDRAWN_AFTER = """([questions, wrong]) => {
  const count = (what) => document.querySelectorAll(".ci-form-body " + what).length;
  const drawn = () => count(".ci-q") === questions && count("[aria-invalid=true]") === wrong;
  window.benchRedrawn = new Promise((found) => {
    addEventListener("keydown", (event) => {
      const began = event.timeStamp;
      const look = () => (drawn() ? setTimeout(() => found(performance.now() - began)) : requestAnimationFrame(look));
      requestAnimationFrame(look);
    }, { once: true, capture: true });
  });
}"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        home, ours, peer = Path(folder) / "site", free_port(), free_port()
        drafts = _publish(home)
        servers.enter_context(served.custinfo(home, ours))
        servers.enter_context(served.started(*_voila(Path(folder), peer)))
        context = servers.enter_context(served.chromium()).new_context(locale="en")
        page = context.new_page()
        served.log_in(page, ours)
        _usable(context, f"http://127.0.0.1:{ours}/form/{LONG}", f"http://127.0.0.1:{peer}/")
        _redrawn(page, f"http://127.0.0.1:{ours}/form/{LONG}?draft={drafts[LONG]}")
        few, many = (
            _bytes(page, f"http://127.0.0.1:{ours}/form/{name}?draft={drafts[name]}") for name in (SHORT, LONG)
        )
        for what in many:
            _line(f"500 questions: bytes of the {what}", many[what], few[what], "bytes, peer: 50 questions", SAME)


def _publish(home: Path) -> dict[str, str]:
    """A site with both forms and a draft of each: its first section begun."""
    drafts = {}
    with empty_site(home) as store:
        actor = account(store, login_name="lin")
        for form_id, sizes in SIZES.items():
            forms.publish(store, SERVICE, f"{form_id}.md", long_pages.long_form(form_id, sizes))
            drafts[form_id] = draft_of(store, actor, form_id, {long_pages.ref(0, long_pages.WHO): "A"})
    return drafts


def _voila(folder: Path, port: int) -> tuple[list[str | Path], str]:
    """A stock Voilà server with an empty notebook: its command and its address."""
    notebook = folder / "empty.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), notebook)
    command: list[str | Path] = [sys.executable, "-m", "voila", notebook, "--no-browser", f"--port={port}"]
    return command, f"http://127.0.0.1:{port}/"


def _usable(context: BrowserContext, ours: str, peer: str) -> None:
    times: dict[str, list[float]] = {ours: [], peer: []}
    drawn = []
    for turn in range(ROUNDS + 1):  # the first turn fills the caches and is not counted
        for url in (ours, peer) if turn % 2 else (peer, ours):
            page = context.new_page()
            page.set_default_timeout(LIMIT)
            page.add_init_script(READY)
            page.goto(url, wait_until="commit")
            seconds = page.evaluate("window.benchReady") / 1000
            if url == ours:
                page.keyboard.type("A")
                page.keyboard.press("Enter")
                drawn += [seconds] if turn else []
                seconds = page.evaluate(SAVED) / 1000
            times[url] += [seconds] if turn else []
            page.close()
    more = {"drawn": round(statistics.median(drawn), 3), "load": os.getloadavg()[0]}
    more |= {"best": [round(min(times[url]), 3) for url in (ours, peer)]}
    mine, theirs = (statistics.median(times[url]) for url in (ours, peer))
    unit = f"s (median of {ROUNDS}), peer: an empty Voilà page"
    _line("500 questions: first page usable", mine, theirs, unit, USABLE, **more)


def _redrawn(page: Page, url: str) -> None:
    """At the gate, which hides 18 questions or shows them; at a number, right and out of bounds."""
    page.add_init_script(READY)
    page.goto(url)
    page.evaluate("window.benchReady")
    questions = page.locator(".ci-form-body .ci-q")
    number = questions.nth(long_pages.STAFF).locator("input").first
    took = []
    questions.nth(long_pages.GATE).locator("input").first.focus()
    for turn in range(ANSWERS):
        hidden = turn % 2 == 0
        page.evaluate(REDRAWN_AFTER, [2 if hidden else QUESTIONS, 0])
        page.keyboard.press("2" if hidden else "1")
        took.append(page.evaluate("window.benchRedrawn"))
    for turn in range(ANSWERS):
        wrong = turn % 2 == 0
        number.fill("")
        page.keyboard.type("900" if wrong else "90")
        page.evaluate(REDRAWN_AFTER, [QUESTIONS, int(wrong)])
        page.keyboard.press("Enter")
        took.append(page.evaluate("window.benchRedrawn"))
    p95 = sorted(took)[math.ceil(len(took) * 0.95) - 1]
    more = {"median": round(statistics.median(took), 1), "worst": round(max(took), 1), "load": os.getloadavg()[0]}
    _line("500 questions: answer to redrawn", p95, None, f"ms (95 % of {len(took)})", REDRAWN, **more)


def _bytes(page: Page, url: str) -> dict[str, int]:
    """The HTML of a page, and the message that describes its first section."""
    messages: list[int] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda payload: messages.append(_described(payload)))

    page.on("websocket", listen)
    answer = page.goto(url)
    page.evaluate("window.benchReady")
    page.remove_listener("websocket", listen)
    assert answer is not None
    return {"page as HTML": len(answer.body()), "message that describes it": max(messages)}


def _described(payload: str | bytes) -> int:
    data = payload.encode() if isinstance(payload, str) else payload
    return len(data) if b'"stage": "fill"' in data or b'"stage":"fill"' in data else 0


def _line(name: str, ours: float, peer: float | None, unit: str, bar: float, **more: object) -> None:
    """Without a peer the bar is an absolute number in the line's unit."""
    ratio = None if peer is None else round(ours / peer, 3)
    line = {
        "name": name,
        "ours": round(ours, 3),
        "peer": peer and round(peer, 3),
        "unit": unit,
        "ratio": ratio,
        "bar": bar,
    }
    print(
        json.dumps(line | {"holds": (ours if ratio is None else ratio) <= bar} | more, ensure_ascii=False), flush=True
    )


if __name__ == "__main__":
    main()
