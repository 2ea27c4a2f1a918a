#!/usr/bin/env python3
"""What subscriptions cost one running instance: how many it holds, what each takes of memory, how soon they are
told, and how often the log is read for them. Plants organisations of its own by SQL; events are made through the
API, by a process of their own, so that a burst of deliveries here does not delay the moments taken there.
Called by script/bench live."""
import argparse
import asyncio
import concurrent.futures
import os
import sys
import time
from collections import Counter

from planted import RunningDemo
from subscribers import Stream, WebSocket, Writer, subscribe_all

CREATE = 'mutation { staff { createCompany(input: {name: "Live"}) { company { id } } } }'
WRITERS = 16
MOST_LATE, MOST_KB, HELD = 250, 30, 10_000
LIMIT_MARK = "   <-- over the limit"


def write(address, tokens, rate, seconds):
    """Creates companies at a constant rate, in each organisation in turn. When each was asked for and answered,
    by company, and the processor's time it took."""
    return asyncio.run(write_in_loop(address, tokens, rate, seconds)), time.process_time()


async def write_in_loop(address, tokens, rate, seconds):
    start, asked, moments = time.perf_counter(), iter(range(int(rate * seconds))), {}

    async def one():
        writer = Writer(address, "")
        for number in asked:
            await asyncio.sleep(start + number / rate - time.perf_counter())
            writer.token = tokens[number % len(tokens)]
            sent = time.perf_counter()
            answer = await writer.ask(CREATE, {})
            moments[answer["data"]["staff"]["createCompany"]["company"]["id"]] = (sent, time.perf_counter())
        writer.close()

    await asyncio.gather(*(one() for _ in range(WRITERS)))
    return moments


class Crowd:
    """Subscribers, and what each has been told."""

    def __init__(self):
        self.members, self.seen = [], []

    async def join(self, address, organizations, each):
        """Half of each organisation's by WebSocket with a member's session, half by stream with an API key."""
        wanted = []
        for number, organization in enumerate(organizations):
            for place in range(each):
                seen = []
                self.seen.append((number, seen))
                wanted.append((WebSocket, self.note(seen), organization.session) if place % 2 == 0 else
                              (Stream, self.note(seen), organization.key))
        self.members += await subscribe_all(address, wanted)

    @staticmethod
    def note(seen):
        def told(message):
            at = message.find(b'"companyId":"') + 13
            seen.append((message[at:at + 36].decode(), time.perf_counter()))
        return told

    def lost(self):
        return Counter(member.ended.result() for member in self.members if member.ended.done())

    async def leave(self):
        for member in self.members:
            member.transport.abort()
        self.members, self.seen = [], []
        await asyncio.sleep(1)


class Bench:
    """The instance under test, and its organisations."""

    def __init__(self, demo, pool, seconds):
        self.demo, self.pool, self.seconds, self.failed = demo, pool, seconds, False

    async def written(self, organizations, rate, seconds):
        tokens = [organization.session for organization in organizations]
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.pool, write, self.demo.address, tokens, rate, seconds)

    async def arrived(self, crowd, organizations):
        """Everybody is there once everybody has been told of something: a subscription without a cursor begins
        with what happens after it was asked for, and nobody says when that is."""
        for _ in range(20):
            await self.written(organizations, 100, len(organizations) / 100)
            await asyncio.sleep(0.5)
            if all(seen for _, seen in crowd.seen):
                break
        else:
            sys.exit(f"not all were told of anything; ended: {dict(crowd.lost())}")
        for _, seen in crowd.seen:
            seen.clear()

    async def deliver(self, name, crowd, organizations, rate):
        """Events at a rate to all who are there: what it took, and whether each came once."""
        before = self.demo.usage()
        transactions, mine, start = self.demo.transactions(), time.process_time(), time.perf_counter()
        moments, spent = await self.written(organizations, rate, self.seconds)
        took = time.perf_counter() - start
        await asyncio.sleep(2)
        service, postgres = (after - early for after, early in zip(self.demo.usage(), before))
        mine = time.process_time() - mine
        reads = (self.demo.transactions() - transactions) / len(moments)
        print(f"{name}: {len(moments)} events in {took:.1f} s to {len(crowd.members)} subscribers; processors: "
              f"service {100 * service / took:.0f} %, Postgres {100 * postgres / took:.0f} %, "
              f"subscribers {100 * mine / took:.0f} %, writers {100 * spent / took:.0f} %")
        if crowd.members:
            self.judge(crowd, moments, len(organizations))
        return reads

    def judge(self, crowd, moments, organizations):
        of_organization = Counter()
        late, later, missed, doubled = [], [], 0, 0
        home = self.demo.homes(moments)
        for company in moments:
            of_organization[home[company]] += 1
        numbers = {organization.id: number for number, organization in enumerate(self.demo.organizations)}
        expected = {numbers[organization]: count for organization, count in of_organization.items()}
        for number, seen in crowd.seen:
            told = Counter(company for company, _ in seen if company in moments)
            missed += expected.get(number, 0) - len(told)
            doubled += sum(told.values()) - len(told)
            for company, moment in seen:
                if company in moments:
                    late.append(moment - moments[company][0])
                    later.append(moment - moments[company][1])
        late.sort()
        later.sort()
        p99 = 1000 * late[len(late) * 99 // 100]
        print(f"  {len(late)} deliveries; from sending the mutation: p50 {1000 * late[len(late) // 2]:.1f} ms, "
              f"p99 {p99:.1f} ms (limit {MOST_LATE}), slowest {1000 * late[-1]:.1f} ms{LIMIT_MARK if p99 > MOST_LATE else ''}")
        print(f"  from its answer: p50 {1000 * later[len(later) // 2]:.1f} ms, p99 {1000 * later[len(later) * 99 // 100]:.1f} ms")
        print(f"  missed {missed}, doubled {doubled} (limit 0), connections lost {sum(crowd.lost().values())} {dict(crowd.lost())}")
        self.failed |= bool(missed or doubled or crowd.lost()) or p99 > MOST_LATE

    async def hold(self, crowd, count):
        """Idle subscribers: memory, and whether all are there after their heartbeats."""
        organizations = self.demo.organizations
        await crowd.join(self.demo.address, organizations, 2)  # first uses are not theirs to pay for
        await self.arrived(crowd, organizations)
        await crowd.leave()
        before, start = self.demo.memory(), time.perf_counter()
        await crowd.join(self.demo.address, organizations, count // len(organizations))
        took = time.perf_counter() - start
        await asyncio.sleep(3)
        each = (self.demo.memory() - before) / len(crowd.members)
        print(f"idle: {len(crowd.members)} subscribers connected in {took:.1f} s; {each:.1f} KB of memory each "
              f"(limit {MOST_KB}){LIMIT_MARK if each > MOST_KB else ''}; {before / 1024:.0f} MB before")
        early = self.demo.usage()[0]
        await asyncio.sleep(27)  # two heartbeats, and a client that does not answer the first is gone
        spent = (self.demo.usage()[0] - early) / 27
        await self.arrived(crowd, organizations)
        held = len(crowd.members) - sum(crowd.lost().values())
        each = (self.demo.memory() - before) / len(crowd.members)
        print(f"  {held} held for 30 s and told of an event then (limit {count}), {dict(crowd.lost())}; "
              f"{each:.1f} KB each after that; the service used {100 * spent:.0f} % of a processor for them")
        self.failed |= held < count
        await crowd.leave()

    async def coalescing(self, crowd, each):
        """Transactions an event with so many subscribers in each organisation."""
        organizations = self.demo.organizations
        await crowd.join(self.demo.address, organizations, each)
        if each:
            await self.arrived(crowd, organizations)
        reads = await self.deliver(f"{len(organizations)} organisations x {each}", crowd, organizations, 200)
        print(f"  transactions an event, the writer's included: {reads:.2f}")
        await crowd.leave()
        return reads


async def measure(bench, held):
    crowd, organizations = Crowd(), bench.demo.organizations
    await bench.hold(crowd, held)
    none, two, ten = [await bench.coalescing(crowd, each) for each in (0, 2, 10)]
    print(f"readings an event: {two - none:.2f} with one subscriber in each of an organisation's two scopes, {ten - none:.2f} "
          f"with five in each (limit: one and a half times that; reading for each would be five times)")
    bench.failed |= ten - none > 1.5 * (two - none)
    await crowd.join(bench.demo.address, organizations[:1], 2_000)
    await bench.arrived(crowd, organizations[:1])
    await bench.deliver("1 organisation x 2000", crowd, organizations[:1], 10)
    await crowd.leave()


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", help="the demo's data folder")
    arguments.add_argument("process", type=int, help="the demo's process")
    arguments.add_argument("--seconds", type=int, default=20, help="of events, in each phase")
    arguments.add_argument("--organizations", type=int, default=200)
    arguments.add_argument("--held", type=int, default=HELD, help="idle subscribers")
    given = arguments.parse_args()
    # Begun before this one grows: it is copied from it.
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        pool.submit(os.getpid).result()
        demo = RunningDemo(given.folder, given.process)
        demo.plant(given.organizations)
        bench = Bench(demo, pool, given.seconds)
        asyncio.run(measure(bench, given.held))
    sys.exit(bench.failed)


if __name__ == "__main__":
    main()
