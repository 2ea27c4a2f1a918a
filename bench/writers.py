"""Writers for live_soak.py: through whichever instance answers, and past the service. What each wrote goes into
`moments`: when it was answered, and through which instance, none for those past it."""
import asyncio
import hashlib
import json
import random
import time
import uuid
from datetime import datetime, timezone

from subscribers import Writer

CREATE = "mutation($i: CreateCompanyInput!) { staff { createCompany(input: $i) { company { id } } } }"
UPDATE = "mutation($i: UpdateRecordInput!) { staff { updateRecord(input: $i) { record { version } } } }"
VERSION = "query($i: ID!) { staff { record(id: $i) { version } } }"


class AnyInstance:
    """Asks one instance, and the other when that is gone or busy, until one answers; and turns to the other after
    so many questions, unless that is 0."""

    def __init__(self, instances, token, number, turn_after=0):
        self.writers, self.number = [Writer(instance.address, token) for instance in instances], number
        self.turn_after, self.asked = turn_after, 0

    async def ask(self, document, variables):
        self.asked += 1
        if self.turn_after and self.asked % self.turn_after == 0:
            self.number = 1 - self.number
        while True:
            writer = self.writers[self.number]
            try:
                answer = await asyncio.wait_for(writer.ask(document, {"i": variables}), 10)
                # What is away or busy is INTERNAL, and may have been done all the same.
                if all(error["extensions"]["code"] != "INTERNAL" for error in answer.get("errors", [])):
                    return answer
            except (OSError, EOFError, asyncio.TimeoutError, asyncio.IncompleteReadError):
                pass
            writer.close()
            self.number = 1 - self.number
            await asyncio.sleep(0.05)


async def create_companies(anywhere, moments, over):
    """Each with a key of its own, so that asking again makes none twice."""
    while not over.is_set():
        key = str(uuid.uuid4())
        answer = await anywhere.ask(CREATE, {"name": f"soak {key}", "idempotencyKey": key})
        company = answer["data"]["staff"]["createCompany"]["company"]["id"]
        moments[company] = (time.perf_counter(), anywhere.number)


async def update_record(anywhere, record, over):
    """Clients see each. Whether an update without an answer was made is asked, and does not matter."""
    number, version = 0, None
    while not over.is_set():
        number += 1
        if version is None:
            version = (await anywhere.ask(VERSION, record["id"]))["data"]["staff"]["record"]["version"]
        status = f"Number {number} {random.random()}"
        answer = await anywhere.ask(UPDATE, {"id": record["id"], "version": version, "clientStatus": status})
        version = None if "errors" in answer else answer["data"]["staff"]["updateRecord"]["record"]["version"]


async def write_by_hand(demo, company, record, moments, over, announce):
    """Transactions as the service makes them, in which up to a fifth of a second passes before the counter is
    locked, so that those begun later commit earlier."""
    psql = await asyncio.create_subprocess_exec(
        "psql", "--quiet", "--set", "ON_ERROR_STOP=1", "--output", "/dev/null", "--host", f"{demo.folder}/run",
        "--username", "app_staff", "vestibule", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    hash_of_session = hashlib.sha256(demo.staff.encode()).hexdigest()
    while not over.is_set():
        made = str(uuid.uuid4())
        entries = [entry("company.created", made, made, None)] + [
            entry("record.updated", record, company, record) for _ in range(random.randrange(8))]
        psql.stdin.write(f"""
            begin;
            select enter_staff('\\x{hash_of_session}');
            insert into companies (org_id, id, name) values (app_org(), '{made}', 'soak {made}');
            select pg_sleep(random() * 0.2);
            select append_events('{json.dumps(entries)}'::jsonb);
            commit;
            \\echo committed
            """.encode())
        if await psql.stdout.readline() != b"committed\n":
            raise SystemExit("a transaction by hand failed")
        moments.update((each["id"], (time.perf_counter(), None)) for each in entries)
        if announce is not None:
            try:
                announce.ask("PUBLISH", "vestibule:{events}:grown", demo.organization["id"])
            except OSError:
                pass  # the service loses announcements too while Redis is away
    psql.stdin.close()
    await psql.wait()


def entry(kind, subject, company, record):
    return {"id": str(uuid.uuid4()), "kind": kind, "companyId": company, "recordId": record, "clientVisible": record is not None,
            "payload": {"id": subject}, "occurredAt": datetime.now(timezone.utc).isoformat()}
