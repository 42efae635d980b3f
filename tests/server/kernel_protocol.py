"""What a browser's front end says to a kernel, spoken by hand: for tests of what the server lets through."""

import asyncio
import json
import uuid
from collections.abc import Callable
from typing import Any

import requests
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

Message = dict[str, Any]


def message(kind: str, content: Message, channel: str = "shell") -> str:
    header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": "s", "username": "", "version": "5.3"}
    return json.dumps(
        {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": channel, "buffers": []}
    )


async def connect(base_url: str, browser: requests.Session, kernel_id: str) -> WebSocketClientConnection:
    address = f"{base_url.replace('http', 'ws')}/api/kernels/{kernel_id}/channels?session_id={uuid.uuid4().hex}"
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return await websocket_connect(HTTPRequest(address, headers={"Cookie": cookies, "Origin": base_url}))


async def listen(
    socket: WebSocketClientConnection, until: Callable[[Message], bool], seconds: float = 20
) -> tuple[list[Message], bool]:
    """What arrives up to the message that `until` recognises, and whether it came."""
    heard: list[Message] = []
    try:
        async with asyncio.timeout(seconds):
            while (raw := await socket.read_message()) is not None:
                heard.append(json.loads(raw) if isinstance(raw, str) else unpacked(raw))
                if until(heard[-1]):
                    return heard, True
    except TimeoutError:
        pass
    return heard, False


def unpacked(raw: bytes) -> Message:
    offsets = [int.from_bytes(raw[4 * (i + 1) : 4 * (i + 2)], "big") for i in range(int.from_bytes(raw[:4], "big"))]
    return json.loads(raw[offsets[0] : offsets[1] if len(offsets) > 1 else None])


async def widget_ids(socket: WebSocketClientConnection) -> list[str]:
    """The models of the page, as the front end asks for them."""
    await socket.write_message(message("comm_info_request", {"target_name": "jupyter.widget"}))
    heard, came = await listen(socket, lambda m: m["header"]["msg_type"] == "comm_info_reply")
    assert came, heard
    return list(heard[-1]["content"]["comms"])


async def ask(
    socket: WebSocketClientConnection, ids: list[str], content: Message, seconds: float = 20
) -> list[Message]:
    """Send a custom message to every widget, and listen until the kernel has answered or is idle."""
    for comm_id in ids:
        body = {"comm_id": comm_id, "data": {"method": "custom", "content": content}}
        await socket.write_message(message("comm_msg", body))
    heard, _ = await listen(
        socket,
        lambda m: m["header"]["msg_type"] == "comm_msg" and m["content"]["data"].get("method") == "custom",
        seconds,
    )
    return heard


def custom_contents(heard: list[Message]) -> list[Message]:
    return [
        m["content"]["data"]["content"]
        for m in heard
        if m["header"]["msg_type"] == "comm_msg" and m["content"]["data"].get("method") == "custom"
    ]
