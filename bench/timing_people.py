#!/usr/bin/env python3
"""Asks a running demo to sign in, for a new password, for a sign-in link and for a fresh link, with addresses
and links that are known and with such that are not, in random order over one connection, and tells whether the
time of an answer says which it was: the area under the ROC curve, 0.5 if nothing can be told. In each group the
last kind is a planted delay that has to be found. Called by script/soak timing-people."""
import argparse
import json
import sys
import time

from demo import Demo
from timing import PLANTED, measure, report

SIGN_IN = "mutation($i: SignInInput!) { access { signIn(input: $i) { sessionToken } } }"
TO_PORTALS = "mutation($i: SignInToPortalsInput!) { access { signInToPortals(input: $i) { visitorToken } } }"
RESET = "mutation($i: RequestPasswordResetInput!) { access { requestPasswordReset(input: $i) { requested } } }"
LINK = "mutation($i: RequestSignInLinkInput!) { access { requestSignInLink(input: $i) { ask } } }"
FRESH = "mutation($i: RequestFreshLinkInput!) { access { requestFreshLink(input: $i) { requested } } }"


def asks(demo, document, said, inputs, planted=0.0):
    """One request of a kind, each time with the next input; its answer must say this."""
    inputs = iter(inputs)

    def ask():
        given = next(inputs)
        start = time.perf_counter()
        answer = demo.post(document, given)
        took = time.perf_counter() - start + planted
        assert said in answer, answer
        return took

    return ask


def always(value):
    while True:
        yield value


def group(demo, document, said, known, unknown):
    """Kinds of one request: `known` and `unknown` make what is asked with."""
    return {
        "known": asks(demo, document, said, known()),
        "unknown": asks(demo, document, said, unknown()),
        "planted 200 µs": asks(demo, document, said, unknown(), PLANTED),
    }


def old_links(demo, times):
    """Former tokens of as many links, each for somebody: a link is asked for once in 15 minutes only."""
    _, portal = demo.portal()
    demo.sql(f"""
        with made as (
            insert into portal_links (org_id, id, portal_id, company_id, token_hash, recipient_email)
            select org_id, gen_random_uuid(), id, company_id, sha256(convert_to(gen_random_uuid()::text, 'UTF8')),
                'reader' || n || '@timed.example'
            from portals, generate_series(1, {times}) n where id = '{portal["id"]}'
            returning org_id, id, recipient_email)
        insert into portal_link_tokens (org_id, token_hash, link_id, generation)
        select org_id, sha256(convert_to(lpad(regexp_replace(recipient_email, '[^0-9]', '', 'g'), 32, 'k'), 'UTF8')), id, 1
        from made""")
    return lambda: ({"token": str(number).rjust(32, "k")} for number in range(1, times + 1))


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", help="the demo's data folder")
    arguments.add_argument("--times", type=int, default=2_000, help="requests of each kind")
    given = arguments.parse_args()
    demo = Demo(given.folder)
    owner = demo.organization["owner"]["email"]
    guest = "guest@timed.example"
    demo.portal(link={"recipient": {"email": guest}})
    nobody = "nobody@timed.example"
    wrong_password = lambda email: lambda: always({"email": email, "password": "no password of anybody"})
    email = lambda email: lambda: always({"email": email})
    refused = b'"UNAUTHENTICATED"'
    groups = {
        "sign-in of staff": group(demo, SIGN_IN, refused, wrong_password(owner), wrong_password(nobody)),
        "sign-in to portals": group(demo, TO_PORTALS, refused, wrong_password(owner), wrong_password(nobody)),
        "a new password": group(demo, RESET, b'"requested":true', email(owner), email(nobody)),
        "a sign-in link": group(demo, LINK, b'"ask":"vq_', email(guest), email(nobody)),
        "a fresh link": group(demo, FRESH, b'"requested":true', old_links(demo, given.times),
                              lambda: always({"token": "x" * 32})),
    }
    wrong = False
    for name, kinds in groups.items():
        print(f"{name}:", flush=True)
        wrong |= report(measure(kinds, given.times))
    queued = dict(demo.rows("select kind, count(*) from outbox where kind ~ 'password_reset|sign_in_link|fresh_link' group by kind"))
    print(f"mails queued for the known: {json.dumps(queued)}")
    assert all(int(count) >= given.times for count in queued.values()) and len(queued) == 3, "the known were not known"
    sys.exit(wrong)


main()
