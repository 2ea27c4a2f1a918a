#!/usr/bin/env python3
"""Asks a running demo for dead links of every kind, and for a locked door with a right and a wrong code, in
random order over one connection, and tells whether the time of an answer says which it was: the area under
the ROC curve of every pair of kinds, 0.5 if nothing can be told. Among the links as at the door, the last kind
is one of the others with a planted delay that has to be found. Called by script/soak timing."""
import argparse
import itertools
import random
import sys
import time

from demo import CODE, OPEN, ROTATE, Demo

PLANTED = 200e-6
MOST = 0.02  # how far from 0.5 a pair may lie


def dead(demo, change):
    token, portal = demo.portal()
    demo.sql(f"update portals set {change} where id = '{portal['id']}'")
    return token


def rotated(demo):
    token, portal = demo.portal()
    demo.post(ROTATE, {"id": portal["id"]}, demo.staff)
    return token


def page(demo, token, planted=0.0):
    def ask():
        start = time.perf_counter()
        status = demo.page(token)
        took = time.perf_counter() - start + planted
        assert status == 404, status
        return took

    return ask


def code(demo, token, text, planted=0.0):
    def ask():
        start = time.perf_counter()
        answer = demo.post(OPEN, {"token": token, "accessCode": text})
        took = time.perf_counter() - start + planted
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


def report(took):
    """Whether a pair of kinds can be told apart that must not be, or a planted delay cannot."""
    wrong = False
    for one, other in itertools.combinations(took, 2):
        area = auc(took[one], took[other])
        planted = "planted" in other
        ok = (abs(area - 0.5) > MOST) if planted else (abs(area - 0.5) <= MOST)
        wrong |= not ok
        print(f"{one:>14} | {other:<14} AUC {area:.3f}{'' if ok else '   <-- not as it should be'}", flush=True)
    return wrong


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
        "expired": page(demo, dead(demo, "expires_at = now() - interval '1 minute'")),
        "not started": page(demo, dead(demo, "starts_at = now() + interval '1 day'")),
        "revoked": page(demo, dead(demo, "revoked_at = now()")),
        "rotated": page(demo, rotated(demo)),
        "planted 200 µs": page(demo, unknown, PLANTED),
    }
    token, _ = demo.portal(accessCode=CODE)
    for _ in range(5):
        demo.post(OPEN, {"token": token, "accessCode": "000000"})
    door = {
        "right code": code(demo, token, CODE),
        "wrong code": code(demo, token, "000000"),
        "planted 200 µs": code(demo, token, "000000", PLANTED),
    }
    wrong = [report(measure(kinds, given.times)) for kinds in (links, door)]
    sys.exit(any(wrong))


if __name__ == "__main__":
    main()
