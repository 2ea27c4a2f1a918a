#!/usr/bin/env python3
"""Two instances on one database, writers through both and past them, subscribers on both that come back with
their last cursor, and in the middle one instance killed, then Redis, then the other instance: whether each
subscriber has been told of each event once and in order. What Postgres holds at the end is the truth.

Commits come out of order on purpose: those past the service wait between their start and their commit. In the
variants all writers ask the same instance, so that the other learns of events in the one way that is left. With
polls-off nobody looks for what was written past the service, so those writers announce it in Redis, as the service
does. Called by script/soak live."""
import argparse
import asyncio
import json
import sys
import time

from demo import OPEN, Demo
from instances import Instance, Redis
from subscribers import PORTAL, STAFF, Stream, WebSocket, subscribe
from writers import AnyInstance, create_companies, update_record, write_by_hand

KEY = "mutation($i: CreateApiKeyInput!) { staff { createApiKey(input: $i) { secret } } }"
RECORDS = """query($i: ID!) { staff { company(id: $i) { records(first: 2) { edges { node { id version } } } } } }"""
BY_HAND = 4
LAST_WORDS = 20  # seconds that the last events may take


class Follower:
    """A subscriber that comes back, to the other instance, with its last cursor."""

    def __init__(self, name, kind, token, document, instances, number):
        self.name, self.kind, self.token, self.document = name, kind, token, document
        self.instances, self.home, self.number, self.subscriber = instances, number, number, None
        self.cursor, self.told, self.resyncs, self.reconnects = None, [], 0, 0

    async def follow(self):
        while True:
            try:
                address = self.instances[self.number].address
                self.subscriber = await subscribe(address, self.kind, self.hear, self.token, self.cursor, self.document)
                why = await self.subscriber.ended
                if "4403" in why or "errors" in why:
                    print(f"  {self.name} was sent away: {why}")
            except OSError:
                pass
            self.reconnects += 1
            self.number = 1 - self.number
            await asyncio.sleep(0.05)

    def go_home(self):
        """Whoever fled from an instance that is back leaves in the middle, and comes back there."""
        if self.number != self.home:
            self.subscriber.end("went home")

    def hear(self, message):
        now, answer = time.perf_counter(), json.loads(message)
        (event,) = answer.get("payload", answer)["data"].values()
        self.cursor = event["cursor"]
        if "Resync" in event["__typename"]:
            self.resyncs += 1
        else:
            self.told.append((event["id"], event.get("companyId"), now, self.number))


class Soak:
    def __init__(self, given):
        self.given, self.demo = given, Demo(given.folder)
        settings = {"redis-off": {"REDIS_URL": "redis://127.0.0.1:1"}, "polls-off": {"LIVE_POLL_MS": "3600000"}}
        self.instances = [
            Instance(given.binary, given.folder, given.port + n, f"{given.logs}/instance-{n}.log", **settings.get(given.variant, {}))
            for n in range(2)]
        self.redis = Redis(given.folder)
        self.org = self.demo.organization["id"]
        # When what was written was sent and answered, and through whom, by company or, by hand, by event.
        self.moments, self.over = {}, asyncio.Event()
        self.following = []
        # From when to when something was away, and one second more for all to find back.
        self.away = []

    def written(self):
        return int(self.demo.rows(f"select last_seq from event_counters where org_id = '{self.org}'")[0][0])

    def followers(self):
        """Six of the organisation, of which one with an API key, and two of one company's portal."""
        company = self.demo.organization["companies"][0]["id"]
        token, _ = self.demo.portal()
        opened = json.loads(self.demo.post(OPEN, {"token": token}))
        session = opened["data"]["access"]["openPortal"]["sessionToken"]
        made = json.loads(self.demo.post(KEY, {"name": "Soak", "scopes": ["EVENTS_READ"]}, self.demo.staff))
        key = made["data"]["staff"]["createApiKey"]["secret"]
        who = [(self.demo.staff, STAFF)] * 5 + [(key, STAFF)] + [(session, PORTAL)] * 2
        names = ["staff"] * 5 + ["key"] + ["portal"] * 2
        return company, [
            Follower(f"{name} {n}", WebSocket if n % 2 else Stream, *credential, self.instances, n // 2 % 2)
            for n, (name, credential) in enumerate(zip(names, who))]

    async def interrupt(self, after, name, stop, start):
        while self.written() - self.first < after and not self.over.is_set():
            await asyncio.sleep(0.3)
        print(f"  {self.written() - self.first} events: {name} is stopped", flush=True)
        start_of_it = time.perf_counter()
        kept = await asyncio.to_thread(stop)
        await asyncio.sleep(2)
        await asyncio.to_thread(start, *([kept] if kept else []))
        self.away.append((start_of_it, time.perf_counter() + 1))
        print(f"  {self.written() - self.first} events: {name} is back", flush=True)

    async def interruptions(self):
        events, (one, other) = self.given.events, self.instances
        await self.interrupt(events // 4, "the first instance", one.kill, one.start)
        await self.settle(one)
        if self.given.variant != "redis-off":
            await self.interrupt(events // 2, "Redis", self.redis.stop, self.redis.start)
        await self.interrupt(events * 3 // 4, "the second instance", other.kill, other.start)
        await self.settle(other)

    async def settle(self, instance):
        await asyncio.to_thread(instance.wait)
        for follower in self.following:
            follower.go_home()

    async def run(self):
        company, followers = self.followers()
        self.following = followers
        answer = json.loads(self.demo.post(RECORDS, company, self.demo.staff))
        records = [edge["node"] for edge in answer["data"]["staff"]["company"]["records"]["edges"]]
        following = [asyncio.create_task(follower.follow()) for follower in followers]
        await asyncio.sleep(2)
        await self.begin(followers, records[1])
        self.first, start = self.written(), time.perf_counter()
        anywhere = [AnyInstance(self.instances, self.demo.staff, n % 2, 100) if self.given.variant == "plain" else
                    AnyInstance(self.instances, self.demo.staff, 0) for n in range(3)]
        writing = [
            create_companies(anywhere[0], self.moments, self.over), create_companies(anywhere[1], self.moments, self.over),
            update_record(anywhere[2], records[0], self.over)]
        announce = self.redis if self.given.variant == "polls-off" else None
        writing += [write_by_hand(self.demo, company, records[0]["id"], self.moments, self.over, announce) for _ in range(BY_HAND)]
        interrupting = asyncio.create_task(self.interruptions())
        writing = [asyncio.create_task(task) for task in writing]
        await self.watch(writing)
        self.over.set()
        await asyncio.gather(*writing, interrupting)
        print(f"{self.written() - self.first} events in {time.perf_counter() - start:.0f} s", flush=True)
        truth = self.truth(company)
        await self.last_words(followers, truth)
        for task in following:
            task.cancel()
        return self.judge(followers, truth)

    async def begin(self, followers, record):
        """Everybody has begun who has been told of something."""
        writer = AnyInstance(self.instances, self.demo.staff, 0)
        for _ in range(20):
            over = asyncio.Event()
            asyncio.get_running_loop().call_later(0.5, over.set)
            await update_record(writer, record, over)
            await asyncio.sleep(1)
            if all(follower.told for follower in followers):
                return
        raise SystemExit(f"not told of anything: {[f.name for f in followers if not f.told]}")

    async def watch(self, writing):
        shown = 0
        while (count := self.written() - self.first) < self.given.events:
            for task in writing:
                if task.done():
                    task.result()
                    raise SystemExit("a writer stopped")
            if count - shown >= self.given.events // 10:
                shown = count
                print(f"  {count} events", flush=True)
            await asyncio.sleep(0.3)

    def truth(self, company):
        """Ids in order, of all events, and of those that the company's portal shows."""
        order = f"from events where org_id = '{self.org}' %s order by seq"
        everything = [row[0] for row in self.demo.rows("select id " + order % "")]
        shown = f"and client_visible and record_id in (select id from records where company_id = '{company}')"
        return {STAFF: everything, PORTAL: [row[0] for row in self.demo.rows("select id " + order % shown)]}

    async def last_words(self, followers, truth):
        deadline = time.perf_counter() + LAST_WORDS
        while time.perf_counter() < deadline:
            if all(follower.told[-1][0] == truth[follower.document][-1] for follower in followers):
                break
            await asyncio.sleep(0.1)
        await asyncio.sleep(1)  # whatever comes doubled may come now

    def judge(self, followers, truth):
        out_of_order = self.demo.rows(f"""select count(*) from (select occurred_at < lag(occurred_at) over (order by seq) as early
            from events where org_id = '{self.org}' and seq > {self.first}) e where early""")[0][0]
        lost = self.demo.rows(f"select max(seq) - count(*) from events where org_id = '{self.org}'")[0][0]
        twice = self.demo.rows("select count(*) - count(distinct name) from companies where name like 'soak %'")[0][0]
        print(f"commits that overtook one begun before them: {out_of_order}; gaps in the log: {lost}; companies made twice: {twice}")
        print(f"{'subscriber':<12} {'transport':<10} {'told':>6} {'missed':>6} {'doubled':>7} {'disorder':>8} {'alien':>5} "
              f"{'resyncs':>7} {'reconnects':>10}")
        wrong = lost != "0" or twice != "0"
        for follower in followers:
            ids = [told[0] for told in follower.told]
            place = {event: n for n, event in enumerate(truth[follower.document])}
            expected = truth[follower.document][place.get(ids[0], 0):]
            missed = len(set(expected) - set(ids))
            doubled, alien = len(ids) - len(set(ids)), sum(event not in place for event in ids)
            disorder = sum(place.get(b, -1) < place.get(a, -1) for a, b in zip(ids, ids[1:]))
            wrong |= bool(missed or doubled or disorder or alien or follower.resyncs)
            print(f"{follower.name:<12} {follower.kind.__name__:<10} {len(ids):>6} {missed:>6} {doubled:>7} {disorder:>8} {alien:>5} "
                  f"{follower.resyncs:>7} {follower.reconnects:>10}")
        self.tell_times(followers)
        return wrong

    def tell_times(self, followers):
        """From the answer to a commit, or the word of psql."""
        late = {"the same instance": [], "across instances": [], "past the service": [], "something away": []}
        for follower in followers:
            for event, company, moment, heard in follower.told:
                answered, through = self.moments.get(company) or self.moments.get(event) or (None, None)
                if answered is not None:
                    way = "past the service" if through is None else "the same instance" if through == heard else "across instances"
                    if any(since <= answered <= until for since, until in self.away):
                        way = "something away"
                    late[way].append(max(moment - answered, 0))
        for way, times in late.items():
            times.sort()
            if times:
                p50, p99 = (1000 * times[len(times) * part // 100] for part in (50, 99))
                print(f"{way:>18}: {len(times)} deliveries, p50 {p50:.0f} ms, p99 {p99:.0f} ms, slowest {1000 * times[-1]:.0f} ms")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", help="the demo's data folder")
    arguments.add_argument("binary")
    arguments.add_argument("logs", help="a folder for the instances' logs")
    arguments.add_argument("--variant", choices=["plain", "polls-off", "redis-off"], default="plain")
    arguments.add_argument("--events", type=int, default=20_000)
    arguments.add_argument("--port", type=int, default=8189, help="of the first instance; the second has the next")
    soak = Soak(arguments.parse_args())
    try:
        for instance in soak.instances:
            instance.start()
        for instance in soak.instances:
            instance.wait()
        wrong = asyncio.run(soak.run())
    finally:
        for instance in soak.instances:
            instance.kill()
        soak.redis.end()
    sys.exit(wrong)


if __name__ == "__main__":
    main()
