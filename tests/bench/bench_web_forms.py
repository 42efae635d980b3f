"""The form engine beside that of ODK Web Forms, in the browser that it is made for: opening a form, and its answers.

Run: `python -m tests.bench.bench_web_forms [DIR]`, or `make bench FORMS=DIR`. The same XForm and the same answers on both
sides; ours in CPU time of one process, theirs by the clock of a Chromium page of its own, on the same two cores.
"""

import functools
import http.server
import json
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from custinfo.xforms import load
from tests.bench import engine_forms, peers, served
from tests.bench.bench_engine import forms_in, p95, session, took

STEPS = 400


def main(folder: str = "") -> None:
    """Print two JSON lines for each form."""
    long = engine_forms.to_xform(engine_forms.long_form(), ".md")
    with tempfile.TemporaryDirectory() as name, served.chromium() as browser, _served(Path(name)) as address:
        for form, xform in ({"500 questions": long} | dict(forms_in(folder))).items():
            answers = engine_forms.walk(xform, 0, STEPS)
            (Path(name) / "form.xml").write_text(xform, "utf-8")
            (Path(name) / "answers.json").write_text(json.dumps(answers), "utf-8")
            page = browser.new_page()
            page.goto(f"{address}/web_forms.html")
            page.wait_for_function("window.took", timeout=60_000)
            theirs = page.evaluate("window.took")
            if "failed" in theirs:
                print(f"ODK Web Forms: {form}: {theirs['failed'][:200]}", file=sys.stderr)
            else:
                _lines(form, xform, answers, theirs)
            page.close()


def _lines(form: str, xform: str, answers: engine_forms.Answers, theirs: dict[str, Any]) -> None:
    opening = min(took(lambda: session(load(xform))) for _ in range(3))
    one = session(load(xform))
    ours = [took(one.answer, ref, value) * 1e3 for ref, value in answers]
    _line(f"form engine beside ODK Web Forms: open, {form}", opening, theirs["opened"] / 1e3, "s")
    more = {"answers": len(ours), "refused_there": theirs["refused"]}
    _line(f"form engine beside ODK Web Forms: an answer, {form}", p95(ours), p95(theirs["times"]), "ms (95 %)", **more)


def _line(name: str, ours: float, peer: float, unit: str, **more: int) -> None:
    line = {"name": name, "ours": round(ours, 4), "peer": round(peer, 4), "unit": unit, "ratio": round(ours / peer, 4)}
    print(json.dumps(line | {"bar": 1.0, "holds": ours <= peer} | more, ensure_ascii=False), flush=True)


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """The peer's page and package in `folder`, under an address of this machine."""
    (folder / "web_forms.html").write_bytes(Path(__file__).with_name("web_forms.html").read_bytes())
    (folder / "package").symlink_to(peers.web_forms())
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("FORMS", ""))
