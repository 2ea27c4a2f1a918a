"""Connections to an instance for the programs beside this one: subscriptions over WebSocket and over server-sent
events, and a writer. By hand, and reading no more of a message than they must, because they share the machine
with what they measure. Not here: what is measured."""
import asyncio
import base64
import json
import os
import struct

STAFF = "subscription($after: String) { staffEvents(after: $after) { __typename cursor id occurredAt companyId } }"
PORTAL = "subscription($after: String) { portalEvents(after: $after) { __typename cursor id occurredAt } }"
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
# So many connections are opened side by side: more would be refused by the listener's queue.
AT_ONCE = 64


class Subscriber(asyncio.Protocol):
    """One subscription on a connection of its own. `told` gets each `next` as its bytes; `began` and `ended` are
    set once, `ended` to the reason."""

    def __init__(self, told, token, after=None, document=STAFF):
        loop = asyncio.get_running_loop()
        self.told, self.token = told, token
        self.operation = {"query": document, "variables": {"after": after}}
        self.began, self.ended = loop.create_future(), loop.create_future()
        self.buffer, self.greeted, self.transport = b"", False, None

    def connection_made(self, transport):
        self.transport = transport
        transport.write(self.greeting())

    def connection_lost(self, _):
        self.end("connection lost")

    def data_received(self, data):
        self.buffer = self.buffer + data if self.buffer else data
        if not self.greeted:
            head, gap, rest = self.buffer.partition(b"\r\n\r\n")
            if not gap:
                return
            if not head.startswith(self.WELCOME):
                return self.end(head.split(b"\r\n")[0].decode())
            self.greeted, self.buffer = True, rest
            self.welcomed()
        self.buffer = self.read(self.buffer)

    def begin(self):
        if not self.began.done():
            self.began.set_result(None)

    def end(self, why):
        if not self.ended.done():
            self.ended.set_result(why)
        self.begin()
        self.transport.abort()


class WebSocket(Subscriber):
    """Speaks graphql-transport-ws."""

    WELCOME = b"HTTP/1.1 101"
    farewell = ""

    def greeting(self):
        key = base64.b64encode(os.urandom(16)).decode()
        return (
            "GET /graphql HTTP/1.1\r\nHost: live\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        ).encode()

    def welcomed(self):
        self.say({"type": "connection_init", "payload": {"authorization": f"Bearer {self.token}"}})

    def say(self, message):
        self.frame(TEXT, json.dumps(message).encode())

    def frame(self, kind, payload):
        """A mask of zeros is a mask, and leaves the payload as it is."""
        length = len(payload)
        size = struct.pack("!B", 128 | length) if length < 126 else struct.pack("!BH", 128 | 126, length)
        self.transport.write(bytes([128 | kind]) + size + b"\0\0\0\0" + payload)

    def read(self, data):
        at = 0
        while len(data) >= at + 2:
            start, length = at + 2, data[at + 1]
            if length == 126:
                start, length = at + 4, int.from_bytes(data[at + 2:at + 4], "big")
            elif length == 127:
                start, length = at + 10, int.from_bytes(data[at + 2:at + 10], "big")
            if len(data) < start + length:
                break
            self.hear(data[at] & 15, data[start:start + length])
            at = start + length
        return data[at:]

    def hear(self, kind, payload):
        if kind == PING:
            self.frame(PONG, payload)
        elif kind == CLOSE:
            self.end(f"{self.farewell}closed with {int.from_bytes(payload[:2], 'big')}")
        elif b'"type":"next"' in payload:
            self.told(payload)
        elif b"connection_ack" in payload:
            self.say({"id": "1", "type": "subscribe", "payload": self.operation})
            self.begin()
        elif b'"type":"complete"' in payload:
            self.farewell = "complete, then "
        else:
            self.end(payload.decode())


class Stream(Subscriber):
    """Hears server-sent events, which come in chunks."""

    WELCOME = b"HTTP/1.1 200"

    def greeting(self):
        body = json.dumps(self.operation)
        return (
            "POST /graphql HTTP/1.1\r\nHost: live\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {self.token}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def welcomed(self):
        self.events = b""
        self.begin()

    def read(self, data):
        at = 0
        while (line := data.find(b"\r\n", at)) >= 0:
            length = int(data[at:line], 16)
            if len(data) < line + length + 4:
                break
            self.events += data[line + 2:line + 2 + length]
            at = line + length + 4
        *events, self.events = self.events.split(b"\n\n")
        for event in events:
            self.hear(event)
        return data[at:]

    def hear(self, event):
        if event.startswith(b"event: next\ndata: "):
            data = event[18:].partition(b"\n")[0]
            # A credential that ended is told so by a last event; nothing else has errors.
            if b'"errors":[' in data:
                self.end(data.decode())
            else:
                self.told(data)
        elif event.startswith(b"event: complete"):
            self.end("complete without a reason")


async def subscribe(address, kind, *given):
    """Connects a [`WebSocket`] or a [`Stream`]; it has begun, or ended, when this returns."""
    host, port = address.split(":")
    _, subscriber = await asyncio.get_running_loop().create_connection(lambda: kind(*given), host, int(port))
    await subscriber.began
    return subscriber


async def subscribe_all(address, wanted):
    """Connects many; `wanted` are the arguments of [`subscribe`] after the address."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(given):
        async with free:
            return await subscribe(address, *given)

    return await asyncio.gather(*(one(given) for given in wanted))


class Writer:
    """A connection that asks one thing after another. Raises OSError or EOFError when the instance is gone."""

    def __init__(self, address, token):
        self.address, self.token, self.streams = address, token, None

    async def ask(self, document, variables):
        body = json.dumps({"query": document, "variables": variables})
        if self.streams is None:
            self.streams = await asyncio.open_connection(*self.address.split(":"))
        reader, writer = self.streams
        writer.write((
            "POST /graphql HTTP/1.1\r\nHost: live\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {self.token}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        return json.loads(await reader.readexactly(length))

    def close(self):
        if self.streams is not None:
            self.streams[1].close()
            self.streams = None
