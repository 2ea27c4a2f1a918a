#!/usr/bin/env python3
"""Closes portals on one instance of a running demo and asks for them on another: how long after the answer it
still lets anybody in. Rotating, revoking, changing the code and signing out, some dozens of times each; more
than a second, once, is a failure (LINK-4), and so is an answer that neither lets in nor refuses. Called by
script/soak closing, which keeps both busy."""
import argparse
import json
import sys
import time

from demo import CODE, OPEN, ROTATE, Demo

MOST = 1.0
PATIENCE = 5.0
ROTATE_LINK = "mutation($i: RotatePortalLinkInput!) { staff { rotatePortalLink(input: $i) { url } } }"
REVOKE = "mutation($i: RevokePortalInput!) { staff { revokePortal(input: $i) { portal { id } } } }"
REVOKE_LINK = "mutation($i: RevokePortalLinkInput!) { staff { revokePortalLink(input: $i) { link { id } } } }"
UPDATE = "mutation($i: UpdatePortalInput!) { staff { updatePortal(input: $i) { portal { id } } } }"
SIGN_OUT = "mutation { portal { endSession { ended } } }"
HOME = "{ portal { doorway { title } } }"
# What a closed door answers: a dead link or session, or one that has to pass a code first.
REFUSED = {"LINK_INACTIVE", "CODE_REQUIRED"}


def link_of(portal):
    return {"id": portal["links"][0]["id"]}


# What closes it; whether that ends the link itself, or only the sessions that passed its door.
WAYS = {
    "rotate a portal": (lambda staff, portal, _: staff.post(ROTATE, {"id": portal["id"]}, staff.staff), True),
    "rotate a link": (lambda staff, portal, _: staff.post(ROTATE_LINK, link_of(portal), staff.staff), True),
    "revoke a portal": (lambda staff, portal, _: staff.post(REVOKE, {"id": portal["id"]}, staff.staff), True),
    "revoke a link": (lambda staff, portal, _: staff.post(REVOKE_LINK, link_of(portal), staff.staff), True),
    "change the code": (
        lambda staff, portal, _: staff.post(
            UPDATE, {"id": portal["id"], "version": portal["version"], "accessCode": "135790"}, staff.staff), False),
    "sign out": (lambda staff, _, session: staff.post(SIGN_OUT, None, session), False),
}


def shows(other, session):
    """Whether a session sees its portal."""
    answer = other.post(HOME, None, session)
    if b'"title"' in answer:
        return True
    try:
        codes = {error["extensions"]["code"] for error in json.loads(answer)["errors"]}
    except (ValueError, LookupError, TypeError):
        codes = set()
    if not codes or codes - REFUSED:
        sys.exit(f"the other instance neither let in nor refused a session: {answer[:500]!r}")
    return False


def opens(other, token):
    """Whether a link leads to its page."""
    status = other.page(token)
    if status not in (200, 404):
        sys.exit(f"the other instance neither showed nor refused a page: {status}")
    return status == 200


def lets_in(other, token, session, link_ends):
    return shows(other, session) or (link_ends and opens(other, token))


def close(staff, other, way):
    """Seconds from the answer until nobody gets in."""
    closes, link_ends = WAYS[way]
    token, portal = staff.portal(**({"accessCode": CODE} if not link_ends else {}))
    opened = json.loads(staff.post(OPEN, {"token": token, **({"accessCode": CODE} if not link_ends else {})}))
    session = opened["data"]["access"]["openPortal"]["sessionToken"]
    assert lets_in(other, token, session, link_ends), f"the other instance never let anybody in: {way}"
    answer = closes(staff, portal, session)
    closed = time.perf_counter()
    assert b'"errors"' not in answer, answer
    while lets_in(other, token, session, link_ends):
        if time.perf_counter() - closed > PATIENCE:
            return PATIENCE
    return time.perf_counter() - closed


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", help="the demo's data folder")
    arguments.add_argument("other", help="host and port of another instance")
    arguments.add_argument("--times", type=int, default=50, help="how often each")
    given = arguments.parse_args()
    staff, other = Demo(given.folder), Demo(given.folder, given.other)
    late = False
    for way in WAYS:
        took = [close(staff, other, way) for _ in range(given.times)]
        late |= max(took) > MOST
        print(f"{way:>16}: refused on the other instance after at most {1000 * max(took):.0f} ms, {given.times} times")
    sys.exit(late)


main()
