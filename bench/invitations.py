#!/usr/bin/env python3
"""Invites 1,000 contacts in one call of a running demo (INV-2): how long the answer takes, whether each contact
has a result of its own, and that the mails' progress can be read while they go out. Called by
script/bench invitations."""
import argparse
import json
import sys
import time

from demo import Demo

MANY = 1_000
MOST = 2.0  # seconds until the answer
INVITE = """mutation($i: InviteContactsInput!) { staff { inviteContacts(input: $i) { results {
  contactId invitation { id state mail { state } } error { code } } } } }"""
COUNT = "{ staff { waiting: mails(state: WAITING, kind: INVITATION) { totalCount } sent: mails(state: SENT, kind: INVITATION) { totalCount } } }"


def contacts(demo, round):
    """New ones, of the first company."""
    company = demo.organization["companies"][0]["id"]
    demo.sql(f"""insert into contacts (org_id, id, company_id, name, email)
        select org_id, gen_random_uuid(), id, 'Contact ' || n, 'contact' || n || '@round{round}.example'
        from companies, generate_series(1, {MANY}) n where id = '{company}'""")
    return [row[0] for row in demo.rows(f"select id from contacts where email like '%@round{round}.example'")]


def invite(demo, ids):
    start = time.perf_counter()
    answer = demo.post(INVITE, {"contactIds": ids}, demo.staff)
    took = time.perf_counter() - start
    results = json.loads(answer)["data"]["staff"]["inviteContacts"]["results"]
    assert [result["contactId"] for result in results] == ids
    assert all(result["invitation"]["state"] == "PENDING" and result["error"] is None for result in results)
    return took


def counts(demo):
    staff = json.loads(demo.post(COUNT, None, demo.staff))["data"]["staff"]
    return staff["waiting"]["totalCount"], staff["sent"]["totalCount"]


def watch(demo, before, seconds):
    """How many mails were sent of this round, each time it was more than before."""
    seen, end = [0], time.monotonic() + seconds
    while seen[-1] < MANY:
        assert time.monotonic() < end, f"{seen[-1]} of {MANY} mails went out in {seconds} seconds"
        sent = counts(demo)[1] - before
        if sent > seen[-1]:
            seen.append(sent)
        time.sleep(0.05)
    return seen


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", help="the demo's data folder")
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    demo = Demo(given.folder)
    slow = False
    for round in range(1, given.rounds + 1):
        ids = contacts(demo, round)
        before = counts(demo)[1]
        took = invite(demo, ids)
        start = time.monotonic()
        steps = watch(demo, before, 120)
        slow |= took >= MOST
        print(f"round {round}: answered in {took:.2f} s (limit {MOST} s), mailed in {time.monotonic() - start:.1f} s, "
              f"progress read at {len(steps) - 1} moments: {steps[1:4]} …")
        assert len(steps) > 2, "no progress could be read while mails went out"
    sys.exit(slow)


main()
