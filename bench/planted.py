"""A running demo with organisations planted for the occasion, and what it uses of the machine."""
import hashlib
import json
import os
import secrets
import subprocess
import uuid
from collections import namedtuple

Organization = namedtuple("Organization", "id session key")
TICKS = os.sysconf("SC_CLK_TCK")


class RunningDemo:
    """One instance under its process id."""

    def __init__(self, folder, process):
        with open(f"{folder}/demo.json", encoding="utf-8") as file:
            self.address = json.load(file)["baseUrl"].removeprefix("http://")
        with open(f"{folder}/postgres/postmaster.pid", encoding="utf-8") as file:
            self.postmaster = int(file.readline())
        self.folder, self.process, self.organizations = folder, process, []

    def sql(self, statements):
        run = ["psql", "--quiet", "--set", "ON_ERROR_STOP=1", "--no-align", "--tuples-only",
               "--host", f"{self.folder}/run", "--username", "postgres", "vestibule"]
        return subprocess.run(run, input=statements, check=True, capture_output=True, text=True).stdout.split()

    def plant(self, count):
        """Past the service, whose sign-ups take their time over passwords."""
        person = uuid.uuid4()
        self.organizations = [
            Organization(str(uuid.uuid4()), f"vs_{secrets.token_urlsafe(24)}", f"vk_{secrets.token_urlsafe(24)}")
            for _ in range(count)]
        rows = ", ".join(f"('{org.id}'::uuid, '{digest(org.session)}'::bytea, '{digest(org.key)}'::bytea)"
                         for org in self.organizations)
        self.sql(f"""
            create temp table live (org uuid, session bytea, key bytea, member uuid default gen_random_uuid());
            insert into live values {rows};
            insert into people (id, email, password_hash) values ('{person}', '{person}@live.example', 'none');
            insert into organizations (org_id, slug, name) select org, 'live-' || org, 'Live' from live;
            insert into event_counters (org_id) select org from live on conflict do nothing;
            insert into members (org_id, id, person_id, role, name, email)
                select org, member, '{person}', 'OWNER', 'Live', 'live@live.example' from live;
            insert into staff_sessions (org_id, id, member_id, token_hash, expires_at)
                select org, gen_random_uuid(), member, session, now() + interval '1 day' from live;
            insert into api_keys (org_id, id, name, token_hash, hint, scopes, created_by)
                select org, gen_random_uuid(), 'Live', key, 'live', '{{EVENTS_READ}}', member from live;
            analyze;""")

    def homes(self, companies):
        """The organisation of each company."""
        found = self.sql(f"select id || ',' || org_id from companies where id = any ('{{{','.join(companies)}}}')")
        return dict(row.split(",") for row in found)

    def transactions(self):
        return int(self.sql("select xact_commit + xact_rollback from pg_stat_database where datname = 'vestibule'")[0])

    def memory(self):
        """In kB."""
        with open(f"/proc/{self.process}/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))

    def usage(self):
        """Seconds of processor time: of the service, and of Postgres with all its backends, ended ones too."""
        backends = subprocess.run(["pgrep", "--parent", str(self.postmaster)], capture_output=True, text=True, check=True)
        postgres = sum(spent(process, 2) for process in backends.stdout.split())
        return spent(self.process, 2), postgres + spent(self.postmaster, 4)


def digest(token):
    return f"\\x{hashlib.sha256(token.encode()).hexdigest()}"


def spent(process, fields):
    """Seconds of processor time; with two more fields, of the children that ended too. None of who has just ended."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as file:
            return sum(map(int, file.read().rpartition(")")[2].split()[11:11 + fields])) / TICKS
    except FileNotFoundError:
        return 0
