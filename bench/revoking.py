#!/usr/bin/env python3
"""Revokes a portal, and an API key, on one instance of a running demo, of which 500 subscriptions are open on
another: how long after the answer the last of them is closed. More than a second is a failure (EVT-5). Called by
script/soak revoking."""
import argparse
import asyncio
import json
import sys
import time
from collections import Counter

from demo import OPEN, Demo
from subscribers import PORTAL, STAFF, Stream, WebSocket, subscribe_all

MOST, PATIENCE = 1.0, 5.0
REVOKE = "mutation($i: RevokePortalInput!) { staff { revokePortal(input: $i) { portal { id } } } }"
CREATE_KEY = "mutation($i: CreateApiKeyInput!) { staff { createApiKey(input: $i) { secret apiKey { id } } } }"
REVOKE_KEY = "mutation($i: RevokeApiKeyInput!) { staff { revokeApiKey(input: $i) { apiKey { id } } } }"


def portal(demo):
    """Its session, what its holder subscribes to, and what closes it."""
    token, made = demo.portal()
    opened = json.loads(demo.post(OPEN, {"token": token}))
    return opened["data"]["access"]["openPortal"]["sessionToken"], PORTAL, (REVOKE, made["id"])


def key(demo):
    answer = json.loads(demo.post(CREATE_KEY, {"name": "Revoked", "scopes": ["EVENTS_READ"]}, demo.staff))
    made = answer["data"]["staff"]["createApiKey"]
    return made["secret"], STAFF, (REVOKE_KEY, made["apiKey"]["id"])


async def close(demo, other, make, count):
    """Seconds from the answer until each was closed, and what each heard."""
    token, document, (mutation, subject) = make(demo)
    wanted = [(kind, lambda _: None, token, None, document) for kind in (WebSocket, Stream)] * (count // 2)
    open_ones = await subscribe_all(other, wanted)
    await asyncio.sleep(1)
    early = Counter(one.ended.result() for one in open_ones if one.ended.done())
    assert not early, f"ended before anything was revoked: {early}"
    closed = []
    for one in open_ones:
        one.ended.add_done_callback(lambda ended: closed.append((time.perf_counter(), ended.result())))
    answer = await asyncio.to_thread(demo.post, mutation, {"id": subject}, demo.staff)
    answered = time.perf_counter()
    assert b'"errors"' not in answer, answer
    while len(closed) < len(open_ones) and time.perf_counter() - answered < PATIENCE:
        await asyncio.sleep(0.02)
    times = [max(moment - answered, 0) for moment, _ in closed] + [PATIENCE] * (len(open_ones) - len(closed))
    for one in open_ones:
        one.transport.abort()
    return times, Counter(why for _, why in closed)


async def measure(given):
    demo, late = Demo(given.folder), False
    for make in (portal, key):
        slowest, heard = [], Counter()
        for _ in range(given.times):
            times, why = await close(demo, given.other, make, given.subscribers)
            slowest.append(max(times))
            heard += why
        late |= max(slowest) > MOST
        print(f"revoke a {make.__name__}: of {given.subscribers} subscriptions on the other instance the last was closed after "
              f"{1000 * min(slowest):.0f} to {1000 * max(slowest):.0f} ms, {given.times} times (limit {1000 * MOST:.0f})")
        for words, count in heard.most_common():
            print(f"  {count} heard: {words}")
    return late


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", help="the demo's data folder")
    arguments.add_argument("other", help="host and port of another instance")
    arguments.add_argument("--times", type=int, default=10, help="how often each")
    arguments.add_argument("--subscribers", type=int, default=500)
    sys.exit(asyncio.run(measure(arguments.parse_args())))


main()
