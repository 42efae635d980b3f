"""People who enter surveys at once, as browsers do it but without one: page, websocket, answers, submission.

Now and then one of them loses the reply to a submission, presses Submit twice, or leaves a survey half way.
"""

import asyncio
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError

from tests.factories import PASSWORD, SURVEY
from tests.server import kernel_protocol
from tests.server.site_server import post

FORM = "satisfaction_survey"
PATIENCE = 60
"""Seconds that somebody waits for an answer of the server before they give up; on two cores pages queue at the start."""


@dataclass
class Seen:
    """What the server acknowledged to one person: `submitted` drafts, and the answers of drafts that they left.

    `waited` are times when they gave up waiting and began anew; of the drafts in `unsure` they never learnt whether they
    were submitted.
    """

    submitted: list[str] = field(default_factory=list)
    left: dict[str, dict[str, str]] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    waited: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)


class Trouble(Exception):
    """Something that a person at the page would have complained about."""


class TooSlow(Trouble):
    """No answer within the person's patience."""


class Survey:
    """One survey that is being filled in."""

    def __init__(self, base_url: str, browser: requests.Session) -> None:
        self._base_url, self._browser = base_url, browser
        self._number = 0
        self._socket: WebSocketClientConnection | None = None
        self._widgets: list[str] = []
        self._kernel = ""
        self.draft = ""
        self.visible: set[str] = set()

    async def open(self, path: str) -> dict[str, Any]:
        """Open the page at `path` and say hello; gives the page's message."""
        try:
            page = await asyncio.to_thread(self._browser.get, self._base_url + path, timeout=PATIENCE)
        except requests.Timeout:
            raise TooSlow(path) from None
        found = re.search(r'"kernelId": "([0-9a-f-]+)"', page.text)
        if page.status_code != 200 or found is None:
            raise Trouble(f"{path}: {page.status_code}")
        self._kernel = found[1]
        try:
            self._socket = await kernel_protocol.connect(self._base_url, self._browser, self._kernel)
        except HTTPClientError as refused:
            raise Trouble(f"{path}: its kernel {self._kernel} is not there: {refused.code}") from None
        try:
            self._widgets = await kernel_protocol.widget_ids(self._socket)
        except AssertionError:
            raise TooSlow(path) from None
        except WebSocketClosedError:
            raise TooSlow(f"{path}: the line broke at once") from None
        told = await self._ask({"kind": "hello"}, {"page"})
        self._look(told)
        return told

    async def answer(self, ref: str, value: str) -> None:
        """Turn to the question, answer it, and wait for the acknowledgement."""
        if ref not in self.visible:
            self._look(await self._ask({"kind": "jump", "to": ref}, {"shown"}))
        self._number += 1
        told = await self._ask({"kind": "answer", "id": self._number, "ref": ref, "value": value}, {"ack", "refused"})
        if told["kind"] == "refused":
            raise Trouble(f"{ref}: refused")
        self._look(told)

    async def submit(self, *, twice: bool = False) -> None:
        """Submit, and wait for the receipt."""
        if twice:
            await self._send({"kind": "submit", "reason": ""})
        told = await self._ask({"kind": "submit", "reason": ""}, {"receipt", "problems", "conflict", "failed"})
        if told["kind"] != "receipt":
            raise Trouble(f"submit: {told['kind']}: {told.get('text') or told.get('problems')}")

    async def submit_and_lose_the_reply(self) -> None:
        """Submit, and be gone before the reply is there."""
        await self._send({"kind": "submit", "reason": ""})
        await self.close()

    async def close(self) -> None:
        """The tab is closed: its beacon ends the kernel."""
        assert self._socket is not None
        beacon = f"{self._base_url}/voila/api/shutdown/{self._kernel}"
        await asyncio.to_thread(self._browser.post, beacon, headers={"Sec-Fetch-Site": "same-origin"}, timeout=PATIENCE)
        self._socket.close()

    async def _send(self, content: dict[str, Any]) -> None:
        assert self._socket is not None
        for widget in self._widgets:  # all but one are its layout, which hear nothing
            body = {"comm_id": widget, "data": {"method": "custom", "content": content}}
            try:
                await self._socket.write_message(kernel_protocol.message("comm_msg", body))
            except WebSocketClosedError:  # the line broke: they open the page again
                raise TooSlow("the line broke") from None

    async def _ask(self, content: dict[str, Any], kinds: set[str]) -> dict[str, Any]:
        assert self._socket is not None
        await self._send(content)
        heard, came = await kernel_protocol.listen(
            self._socket,
            lambda m: any(one.get("kind") in kinds for one in kernel_protocol.custom_contents([m])),
            PATIENCE,
        )
        if not came:
            raise TooSlow(f"no reply to {content['kind']}")
        self._widgets = [heard[-1]["content"]["comm_id"]]
        return kernel_protocol.custom_contents(heard[-1:])[0]

    def _look(self, told: Mapping[str, Any]) -> None:
        facts = told.get("patch", told)
        if "questions" in facts:
            self.visible = set(facts["questions"])
        if "tree" in facts or "set" in facts:
            self.visible |= set(facts.get("set", ()))
        draft = told.get("draft")
        if draft:
            self.draft = draft["id"]


async def person(base_url: str, name: str, rounds: int | None, until: float, seen: Seen, seed: int) -> None:
    """Log in and fill in surveys until the loop's clock says `until`, or `rounds` of them."""
    chance, browser = random.Random(seed), requests.Session()
    answer = await asyncio.to_thread(post, browser, f"{base_url}/login", name=name, password=PASSWORD)
    if answer.status_code != 303:
        seen.troubles.append(f"login: {answer.status_code}")
        return
    done = 0
    while asyncio.get_running_loop().time() < until and (rounds is None or done < rounds):
        survey = Survey(base_url, browser)
        try:
            await _fill(survey, base_url, browser, chance, seen)
        except TooSlow as slow:
            seen.waited.append(f"{name}: {slow}")
            seen.unsure += [survey.draft] if survey.draft else []
        except (Trouble, OSError, requests.RequestException) as trouble:
            seen.troubles.append(f"{name}: {trouble}")
        done += 1


async def _fill(
    survey: Survey, base_url: str, browser: requests.Session, chance: random.Random, seen: Seen
) -> None:  # fmt: skip
    await survey.open(f"/form/{FORM}")
    given: dict[str, str] = {}
    leaves_after = chance.randrange(3, len(SURVEY)) if chance.random() < 0.1 else None
    for ref, value in SURVEY.items():
        await asyncio.sleep(chance.uniform(0.1, 0.6))
        await survey.answer(ref, value)
        given[ref] = value
        if len(given) == leaves_after:
            seen.left[survey.draft] = given
            await survey.close()
            return
    if chance.random() < 0.1:
        await survey.submit_and_lose_the_reply()
        again = Survey(base_url, browser)
        told = await again.open(f"/form/{FORM}?draft={survey.draft}")
        if told["stage"] != "done":
            await again.submit()
        await again.close()
    else:
        await survey.submit(twice=chance.random() < 0.1)
        await survey.close()
    seen.submitted.append(survey.draft)
