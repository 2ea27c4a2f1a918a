#!/usr/bin/env python3
"""Asks a running demo for dead links of every kind, and for a locked door with a right and a wrong code, in
random order over one connection, and tells whether the time of an answer says which it was: the area under
the ROC curve of every pair of kinds, 0.5 if nothing can be told. The last kind is a planted delay that has to
be found. Called by script/soak timing."""
import argparse
import http.client
import itertools
import json
import random
import subprocess
import sys
import time

CODE = "480216"
PLANTED = 200e-6
MOST = 0.02  # how far from 0.5 a pair may lie
CREATE = "mutation($i: CreatePortalInput!) { staff { createPortal(input: $i) { url portal { id } } } }"
ROTATE = "mutation($i: RotatePortalInput!) { staff { rotatePortal(input: $i) { portal { id } } } }"
OPEN = "mutation($i: OpenPortalInput!) { access { openPortal(input: $i) { expiresAt } } }"


class Demo:
    """A running demo, its staff and its database."""

    def __init__(self, folder):
        with open(f"{folder}/demo.json", encoding="utf-8") as file:
            self.told = json.load(file)
        self.folder = folder
        self.host = self.told["baseUrl"].removeprefix("http://")
        self.connection = http.client.HTTPConnection(self.host)
        self.organization = self.told["organizations"][0]

    def post(self, document, variables, token=""):
        headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
        body = json.dumps({"query": document, "variables": {"i": variables}})
        self.connection.request("POST", "/graphql", body, headers)
        return self.connection.getresponse().read()

    def portal(self, **more):
        scope = {"companyId": self.organization["companies"][0]["id"]}
        answer = self.post(CREATE, {"label": "Timing", "scope": scope, **more}, self.organization["staffToken"])
        made = json.loads(answer)["data"]["staff"]["createPortal"]
        return made["url"].rsplit("/", 1)[1], made["portal"]["id"]

    def dead(self, change):
        token, portal = self.portal()
        sql = f"update portals set {change} where id = '{portal}'"
        run = ["psql", "--quiet", "--host", f"{self.folder}/run", "--username", "postgres", "--command", sql, "vestibule"]
        subprocess.run(run, check=True)
        return token

    def rotated(self):
        token, portal = self.portal()
        self.post(ROTATE, {"id": portal}, self.organization["staffToken"])
        return token


def page(demo, token, planted=0.0):
    def ask():
        start = time.perf_counter()
        demo.connection.request("GET", f"/portal/{token}")
        answer = demo.connection.getresponse()
        answer.read()
        took = time.perf_counter() - start + planted
        assert answer.status == 404, answer.status
        return took

    return ask


def code(demo, token, text):
    def ask():
        start = time.perf_counter()
        answer = demo.post(OPEN, {"token": token, "accessCode": text})
        took = time.perf_counter() - start
        assert b'"LOCKED"' in answer, answer
        return took

    return ask


def auc(one, other):
    """The chance that a time of one kind is longer than a time of the other (Mann-Whitney)."""
    ranked = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    total = sum(rank for rank, (_, kind) in enumerate(ranked, 1) if kind == 0)
    return (total - len(one) * (len(one) + 1) / 2) / (len(one) * len(other))


def measure(kinds, times):
    order = [name for name in kinds for _ in range(times)]
    random.shuffle(order)
    took = {name: [] for name in kinds}
    for number, name in enumerate(order):
        took[name].append(kinds[name]())
        if number % 2_000 == 0:
            print(f"  {number} of {len(order)}", file=sys.stderr)
    return took


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", help="the demo's data folder")
    arguments.add_argument("--times", type=int, default=2_000, help="requests of each kind")
    given = arguments.parse_args()
    demo = Demo(given.folder)
    unknown = "x" * 32
    links = {
        "unknown": page(demo, unknown),
        "malformed": page(demo, "x"),
        "expired": page(demo, demo.dead("expires_at = now() - interval '1 minute'")),
        "not started": page(demo, demo.dead("starts_at = now() + interval '1 day'")),
        "revoked": page(demo, demo.dead("revoked_at = now()")),
        "rotated": page(demo, demo.rotated()),
        "planted 200 µs": page(demo, unknown, PLANTED),
    }
    token, _ = demo.portal(accessCode=CODE)
    for _ in range(5):
        demo.post(OPEN, {"token": token, "accessCode": "000000"})
    door = {"right code": code(demo, token, CODE), "wrong code": code(demo, token, "000000")}
    wrong = False
    for took in (measure(links, given.times), measure(door, given.times)):
        for one, other in itertools.combinations(took, 2):
            area = auc(took[one], took[other])
            planted = "planted" in other
            ok = (abs(area - 0.5) > MOST) if planted else (abs(area - 0.5) <= MOST)
            wrong |= not ok
            print(f"{one:>14} | {other:<14} AUC {area:.3f}{'' if ok else '   <-- not as it should be'}")
    sys.exit(wrong)


main()
