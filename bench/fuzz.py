#!/usr/bin/env python3
"""Sends a running demo what nobody should send. Whatever arrives: the service answers, never with a 5xx or
INTERNAL, and every GraphQL error has its code. Called by script/soak fuzz. A request hangs on the seed, its
number and what was read before it, not on the clock: on a fresh demo the same seed repeats the run, but for
the ids that the demo gives out anew."""
import argparse
import base64
import collections
import contextlib
import hashlib
import http.client
import json
import random
import re
import sys
import time
import urllib.parse

REVIVE = 200  # requests between two looks at whether the sessions still live
REMEMBERED = 60  # ids, cursors and tokens of a kind
KINDS = {"query": 25, "mutation": 30, "document": 12, "body": 8, "get": 8, "export": 5, "page": 8, "door": 4}
NIL = "00000000-0000-0000-0000-000000000000"
# They end sessions, close portals or wait for a slow hash: often, they would leave nothing to ask.
RARE = ["signIn", "signUp", "signOut", "endSession", "endMembership", "revokePortal", "revokePortalLink",
        "rotatePortal", "rotatePortalLink", "updateOrganization"]

WORDS = ["Harbour", "O'Neil & Sons", "ÄÖÜ ß", "مرحبا", "\u202eevil\u202c", "a%b_c\\d", "<b>x</b>", "💥💥"]
DAYS = ["2026-11-22", "2026-02-30", "0000-01-01", "-0001-01-01", "9999-12-31", "10000-01-01", "+262142-12-31",
        "+262141-12-31", "-262143-01-01", "-4713-11-23", "5874898-01-01", "2026-1-1"]
TIMES = ["T00:00:00Z", "T23:59:60Z", "T23:59:59.999999999999Z", "T12:00:00+23:59", "T12:00:00-99:99", "T24:00:00Z", ""]
INTS = [0, -1, 2, 50, 100, 101, 1000, 2**31 - 1, -2**31]
NUMBERS = [0, -1, 101, 2**31 - 1, 2**31, -2**31, 2**63, 2**64, 10**40, 0.5, -0.0, 1e308]
TEXTS = ["", " ", "\0", "a\0b", "\ud800", "\udfff\ud800", "\ufeff", "\u2028", "\x7f", "\x1b[2J", "null", "' or 1=1 --",
         "%00", "../../etc/passwd", "{}", NIL, "urn:uuid:" + NIL, "{" + NIL + "}", "http://[::1", "http://a@b:99999/",
         "javascript:alert(1)", "@", "a@" + "b." * 120 + "c"]
NAMES = [word + " {n}" for word in WORDS]
FITTING = {
    "key": ["k{n}"], "slug": ["fuzz-{n}"], "email": ["fuzz{n}@example.com"], "supportEmail": ["help@example.com"],
    "website": ["https://example.com/{n}"], "allowedOrigins": ["https://h{n}.example"], "color": ["#{n}"],
    "accentColor": ["#{n}"], "timeZone": ["UTC", "America/Sao_Paulo", "Etc/GMT+12"], "password": ["correct horse battery"],
    "idempotencyKey": ["key 1", *["key {n}"] * 5], "search": ["a", "%", "_", *WORDS], "action": ["company.created"],
}
CUSTOM = ["text", 5, True, None, "2026-11-22", {"amount": "12.50", "currency": "EUR"}, "https://a.example"]
MEDIA = ["application/json", "application/json; charset=utf-16", "text/plain", "", ";", "multipart/form-data", "\xff"]
HEADERS = {
    "accept": ["application/graphql-response+json", "*/*;q=NaN", "application/json;q=-1, */*;q=1e99", "text/html", "\xff"],
    "origin": ["null", "https://evil.example", "http://localhost:3000", "://", "\xff", "x" * 9_000],
    "x-forwarded-for": ["1.1.1.1", "::1, garbage", "," * 999], "traceparent": ["00-0-0-0", "\xff"],
    "user-agent": ["\xff" * 400, "x" * 9_000], "expect": ["100-continue", "nothing"],
}
NASTY = [
    "", "\0", "\ufeff{ service { version } }", "subscription { staff { __typename } }", "{ __typename }", "type A { b: Int }",
    "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", "query A { a: id } query A { b: id } query B { id }",
    "query($a: [[[Int!]!]!]!) { __typename }", "query($a: Nothing) { __typename }", "{ staff { a: id } portal { a: id } }",
    "query($a: Int = 99999999999999999999) { staff { companies(first: $a) { totalCount } } }",
    '{ service { version @skip @include(if: "x") @nothing(a: $b) } }', '{ staff { company(id: "\\ud800") { id } } }',
    '{ staff { company(id: "\\u{110000}") { id } } }', '{ staff { companies(search: """\n a\0\n""") { totalCount } } }',
    "{ staff { companies(first: 1e400, first: -0) { totalCount } } }",
    "{ service { ... on Company { id } ... on Nothing { id } ...Nowhere } }", '{ __type(name: "\\u0000") { name } }',
]

TYPE = "{ kind name " + "ofType { kind name " * 5 + "}" * 6
INTROSPECTION = (
    f"{{ __schema {{ types {{ kind name isOneOf enumValues {{ name }} inputFields {{ name defaultValue type {TYPE} }} "
    f"fields {{ name type {TYPE} args {{ name type {TYPE} }} }} }} }} }}")
PAGE = "(first: 30) { edges { __typename cursor node { __typename id %s } } }"
SURVEY = "{ staff { organization { __typename id version } %s } }" % " ".join(
    name + PAGE % fields for name, fields in {
        "companies": "version", "contacts": "version", "members": "version", "sessions": "", "auditEntries": "",
        "records": "version milestones { __typename id version }", "portals": "version links { __typename id version }",
        "recordTypes": "version builtIn fields { __typename id version key } stages { __typename id version }"}.items())
SIGN_IN = "mutation($input: SignInInput!) { access { signIn(input: $input) { sessionToken } } }"
OPEN = "mutation($input: OpenPortalInput!) { access { openPortal(input: $input) { sessionToken } } }"
SWITCH_ON = (
    "mutation($of: Int!, $id: ID!, $version: Int!) { staff { updateOrganization(input: {version: $of, portalEnabled: true}) "
    "{ __typename } updateRecordType(input: {id: $id, version: $version, shared: true}) { __typename } } }")

Request = collections.namedtuple("Request", "method path headers body")
Answer = collections.namedtuple("Answer", "status media body")
Raw = type("Raw", (str,), {})  # JSON that the library would not write
Name = type("Name", (str,), {})  # a value of an enum: bare in a document, quoted in JSON


def write(value, document=False):
    """A value as JSON, or as it stands in a document. Half a surrogate pair survives as an escape."""
    if isinstance(value, Raw) or (document and isinstance(value, Name)):
        return str(value)
    if isinstance(value, dict):
        return "{%s}" % ", ".join(f"{k if document else json.dumps(k)}: {write(v, document)}" for k, v in value.items())
    if isinstance(value, list):
        return "[%s]" % ", ".join(write(part, document) for part in value)
    return json.dumps(value, ensure_ascii=not document or bool(re.search("[\ud800-\udfff]", str(value))))


def quote(text):
    return urllib.parse.quote(text, safe="", errors="surrogatepass")


def spell(kind):
    around = {"NON_NULL": "%s!", "LIST": "[%s]"}.get(kind["kind"])
    return around % spell(kind["ofType"]) if around else kind["name"]


def inner(kind):
    return inner(kind["ofType"]) if kind["ofType"] else kind


class Memory:
    """What an organisation's staff were told: ids by type, the newest version of each, cursors, tokens."""

    def __init__(self, tokens):
        self.known, self.versions = {"token": dict.fromkeys(tokens)}, {}

    def add(self, kind, value):
        known = self.known.setdefault(kind, {})
        known[value] = None
        if len(known) > REMEMBERED:
            del known[next(iter(known))]

    def learn(self, answer):
        parts = enumerate(answer) if isinstance(answer, list) else answer.items() if isinstance(answer, dict) else ()
        for name, value in parts:
            if name in ("id", "cursor") and "__typename" in answer:
                self.add(answer["__typename"], value)
                self.versions[value] = answer.get("version", 1)
            elif name in ("key", "url") and isinstance(value, str):
                self.add({"url": "token"}.get(name, name), value.rsplit("/", 1)[-1])
            self.learn(value)


class Maker:
    """Makes one request, as `root` callers would: staff, portal, or access for everyone else. A value is what its
    field wants, or by the odds of `evil` anything else."""

    def __init__(self, rng, schema, memory, root):
        self.rng, self.schema, self.memory, self.root = rng, schema, memory, root
        self.evil = rng.choice([0, 0.02, 0.05, 0.1, 0.3])
        self.declared, self.variables = {}, {}

    def chance(self, odds):
        return self.rng.random() < odds

    def known(self, kind):
        return self.rng.choice(list(self.memory.known.get(kind, ())) or [NIL])

    def odd_text(self):
        rng = self.rng
        return rng.choice([
            lambda: rng.choice(TEXTS + DAYS),
            lambda: rng.choice("x\u202eé💥9%\\\n") * rng.choice([1, 64, 201, 2_001, 40_000]),
            lambda: "".join(map(chr, rng.choices(range(rng.choice([0x80, 0x800, 0x10000, 0x110000])), k=rng.randrange(40)))),
        ])()

    def hostile(self, level=0):
        rng, depth = self.rng, self.rng.choice([1, 60, 126, 130, 3_000])
        return rng.choice([
            self.odd_text, self.odd_text,
            lambda: rng.choice(NUMBERS + [None, True, Raw("1e400"), Raw("-1E-400"), Raw("1" * 400), Raw("-")]),
            lambda: rng.choice([Raw("[" * depth + "]" * depth), Raw('{"a":' * depth + "1" + "}" * depth), [None] * depth]),
            lambda: [] if level > 2 else [self.hostile(level + 1)],
            lambda: {} if level > 2 else {"id": self.hostile(level + 1), "\0": 1},
        ])()

    def damaged(self, text):
        """Cut, doubled or overwritten somewhere, once or a few times."""
        for _ in range(self.rng.choice([1, 1, 2, 5])):
            start = self.rng.randint(0, len(text))
            end = start + self.rng.choice([0, 1, 1, 3, 20])
            piece = ["", "", text[start:end] * 2, "\0", "{", "}", "(", "$", '"', "nothing", "\\", "...", "💥", " " * 50]
            text = text[:start] + self.rng.choice(piece) + (text[end:] if self.chance(0.8) else "")
        return text

    def cursor(self, edge):
        real = self.known(edge)
        if real == NIL or self.chance(0.6):
            return self.damaged(real) if self.chance(0.3) else real
        key, odd = json.loads(base64.urlsafe_b64decode(real + "==")), self.rng.choice([self.hostile(), *DAYS, *NUMBERS])
        if isinstance(key, list) and key:
            key[self.rng.randrange(len(key))] = odd
        return base64.urlsafe_b64encode(write(key if isinstance(key, list) else odd).encode()).decode().rstrip("=")

    def id(self, name, owner):
        """An id of what the field means: `companyId`, or the `id` of an `UpdateCompanyInput`."""
        asked = (owner if name == "id" else re.sub("Ids?$", "", name)).lower()
        asked = {"type": "recordtype", "owner": "member", "lead": "member", "actor": "member"}.get(asked, asked)
        asked = asked.replace("session", "staffsession").replace("fieldinput", "fielddefinition")
        fitting = [kind for kind in self.memory.known if kind.lower() in asked]
        kinds = sorted(self.memory.known) if self.chance(self.evil) or not fitting else [max(fitting, key=len)]
        found = self.known(self.rng.choice(kinds))
        odd = [found.upper(), found.replace("-", ""), self.damaged(found)]
        return self.rng.choice(odd) if self.chance(self.evil) else found

    def token(self):
        real = self.known("token")
        other = self.rng.choices("AZaz09", k=self.rng.choice([0, 1, 31, 32, 32, 33, 500]))
        return self.rng.choice([real, real, real, "".join(other), self.damaged(real), real.swapcase(), str(self.hostile())])

    def scalar(self, kind, name, owner):
        """What fits the type; an odd value of the same type gets further than one of another."""
        odd = self.chance(self.evil)
        text = self.rng.choice(FITTING.get(name, NAMES)).replace("{n}", str(self.rng.randrange(10**5, 10**6)))
        special = {"after": lambda: self.cursor(owner), "token": self.token}
        return {
            "ID": lambda: self.id(name, owner), "Boolean": lambda: self.chance(0.5), 
            "JSON": lambda: {self.known("key"): self.rng.choice([self.hostile(), *CUSTOM]) for _ in range(3)},
            "Int": lambda: self.rng.choice(INTS if odd else [1, 2, 3, 7, 30]),
            "NaiveDate": lambda: self.rng.choice(DAYS if odd else ["2031-11-22", "2036-02-29"]),
            "DateTime": lambda: self.rng.choice(DAYS if odd else DAYS[:1]) + self.rng.choice(TIMES[:4]),
        }.get(kind, self.odd_text if odd else special.get(name, lambda: text))()

    def value(self, kind, name, owner):
        if self.chance(self.evil / 4):
            return self.hostile()
        if kind["kind"] == "NON_NULL":
            kind = kind["ofType"]
        elif self.chance(0.05):
            return None
        if kind["kind"] == "LIST":
            count = self.rng.choice([0, 1, 2, 2, 3, 120 if self.evil else 1])
            return [self.value(kind["ofType"], name, owner) for _ in range(count)]
        named = self.schema[kind["name"]]
        if named["enumValues"]:
            return Name(self.rng.choice(named["enumValues"])["name"])
        return self.input(named) if named["inputFields"] else self.scalar(kind["name"], name, owner)

    def input(self, kind):
        fields, made, odds = kind["inputFields"], {}, self.rng.choice([0.1, 0.3, 0.8])
        if kind["isOneOf"] and not self.chance(self.evil):
            fields = [self.rng.choice(fields)]
        for field in fields:
            required = kind["isOneOf"] or (field["type"]["kind"] == "NON_NULL" and field["defaultValue"] is None)
            if self.chance(1 - self.evil / 4 if required else odds):
                made[field["name"]] = self.value(field["type"], field["name"], kind["name"])
        of = made.get("id") or self.known("Organization")
        if "version" in made and isinstance(of, str) and not self.chance(self.evil):
            made["version"] = self.memory.versions.get(of, 1)
        return made

    def arguments(self, field):
        given = []
        for name, kind in ((argument["name"], argument["type"]) for argument in field["args"]):
            if kind["kind"] != "NON_NULL" and not self.chance(0.8 if name == "first" else 0.3):
                continue
            owner = inner(field["type"])["name"].replace("Connection", "Edge") if name == "after" else field["name"]
            value = self.value(kind, name, owner)
            if self.chance(0.4):
                given.append(f"{name}: {write(value, True)}")
                continue
            variable = f"v{len(self.declared)}"
            self.variables[variable] = value
            self.declared[variable] = "[Int!]" if self.chance(self.evil / 10) else spell(kind)
            given.append(f"{name}: ${variable}")
        return f"({', '.join(given)})" if given else ""

    def field(self, field, depth, alias=""):
        name = "nothing" if self.chance(self.evil / 40) else field["name"]
        return alias + name + self.arguments(field) + self.selection(inner(field["type"]), depth)

    def selection(self, kind, depth):
        """What teaches us always, some of the rest, and a few objects while there is depth left."""
        if kind["kind"] != "OBJECT":
            return ""
        objects, plain = [], []
        for field in self.schema[kind["name"]]["fields"]:
            (objects if inner(field["type"])["kind"] == "OBJECT" else plain).append(field)
        parts = ["__typename"] + [f["name"] for f in plain if f["name"] in ("id", "version", "cursor", "url")]
        parts += [self.field(field, 0) for field in self.rng.sample(plain, self.rng.randint(0, min(len(plain), 6)))]
        wraps = kind["name"].endswith(("Connection", "Edge", "Payload"))
        if not wraps:
            objects = self.rng.sample(objects, min(len(objects), self.rng.choice([1, 1, 2, 3]))) if depth > 0 else []
        parts += [self.field(field, depth if wraps else depth - 1) for field in objects]
        return " { %s }" % " ".join(parts)

    def operation(self, kind):
        """A document that enters one root, mostly the caller's."""
        roots = self.schema[kind.capitalize()]["fields"]
        # All that a portal caller changes is to end the session.
        wanted = "access" if kind == "mutation" and self.root == "portal" and self.chance(0.9) else self.root
        own = [field for field in roots if field["name"] == wanted]
        root = self.rng.choice(own if own and self.chance(0.9) else roots)
        fields = self.schema[inner(root["type"])["name"]]["fields"]
        common = [field for field in fields if field["name"] not in RARE] or fields
        depth = 12 if self.chance(0.01) else self.rng.choice([0, 1, 1, 2, 2, 3])
        chosen = []
        for number in range(self.rng.choice([1, 1, 1, 2, 4])):
            field = self.rng.choice(fields if self.chance(0.04) else common)
            chosen.append(self.field(field, depth, f"f{number}: "))
        declared = ", ".join(f"${name}: {of}" for name, of in self.declared.items())
        return f"{kind}{f'({declared})' if declared else ''} {{ {root['name']} {{ __typename {' '.join(chosen)} }} }}"

    def shape(self):
        """A document that is deep, wide, circular or plainly wrong."""
        size = self.rng.choice([1, 5, 6, 9, 17, 51, 65, 130, 700, 5_001, 12_000])
        few = min(size, 700)
        return self.rng.choice([
            "{ staff { recordTypes { edges { node { " + "stages { type { " * few + "id " + "} } " * few + "} } } } }",
            "{ __schema { types { " + "fields { type { " * few + "name" + " } }" * few + " } } }", "{" * size,
            "{ service { " + " ".join(f"a{n}: version" for n in range(size)) + " } }",
            "{ service { version " + "@include(if: true) " * size + "} }", '"' * size, '"""' + "\\" * size,
            "{ " + "... { " * size + "service { version }" + " }" * size + " }",
            "{ staff { company(id: " + "[" * size + "]" * size + ") { id } } }",
            "{ ...F0 } " + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(few)),
            "query(" + ", ".join(f"$v{n}: Int = {n}" for n in range(size)) + ") { service { version } }",
            *self.rng.sample(NASTY, 8)])

    def request(self, method, path, body=None, media=MEDIA[0]):
        headers = {} if body is None else {"content-type": media}
        if self.chance(0.1):
            name = self.rng.choice(sorted(HEADERS))
            headers[name] = self.rng.choice(HEADERS[name])
        method = self.rng.choice(["HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"]) if self.chance(0.02) else method
        # The client's library refuses an address that is not clean itself.
        return Request(method, re.sub("[^!-~]", lambda odd: quote(odd[0]), path), headers, body)

    def post(self, query):
        return self.request("POST", "/graphql", write({"query": query, "variables": self.variables}).encode())

    def document(self):
        kind = self.rng.choice(["query", "mutation"])
        return self.post(self.damaged(self.operation(kind)) if self.chance(0.6) else self.shape())

    def door(self):
        self.variables["input"] = {"token": self.token(), "accessCode": self.rng.choice([None, "123456", self.hostile()])}
        return self.post(OPEN)

    def body(self):
        rng, plain, names = self.rng, "{ service { version } }", ["query", "variables", "operationName", "extensions"]
        good = write({"query": self.operation("query"), "variables": self.variables})
        digest = rng.choice([hashlib.sha256(plain.encode()).hexdigest(), "0" * 64, self.hostile()])
        persisted = {"persistedQuery": {"version": rng.choice([1, 1, self.hostile()]), "sha256Hash": digest}}
        body = rng.choice([
            lambda: self.damaged(good).encode(), lambda: rng.randbytes(rng.randrange(2_000)), lambda: good.encode("utf-16"),
            lambda: f"[{good}, {good}]".encode(), lambda: good.encode() + b" " * 262_144,
            lambda: write({name: self.hostile() for name in rng.sample(names, 3)}).encode(),
            lambda: write({"query": plain, rng.choice(names): self.hostile()}).encode(),
            lambda: write({"extensions": persisted} | ({"query": plain} if self.chance(0.5) else {})).encode(),
            lambda: rng.choice([b"[", b'{"variables":', b"{", b'"']) * rng.choice([100, 20_000]),
        ])()
        return self.request("POST", "/graphql", body, rng.choice(MEDIA) if self.chance(0.3) else MEDIA[0])

    def parameters(self, parts):
        text = "&".join(f"{name}={quote(value)}" for name, value in parts)
        return "?" + (self.damaged(text) if self.chance(self.evil) else text)

    def get(self):
        query = self.operation("query") if self.chance(0.8) else self.shape()
        parts = [("query", query), ("variables", write(self.variables))]
        odd = self.rng.sample(["variables", "operationName", "extensions", "query", "x"], self.rng.randrange(3))
        parts += [(name, write(self.hostile())) for name in odd]
        return self.request("GET", "/graphql" + self.parameters(parts))

    def export(self):
        parts = []
        for name in self.rng.sample(["actorId", "subjectId", "action", "since", "until", "x"], self.rng.randrange(4)):
            fitting = self.id(name, "") if "Id" in name else self.rng.choice(DAYS) + self.rng.choice(TIMES)
            parts.append((name, write(self.hostile()) if self.chance(self.evil) else fitting))
        return self.request("GET", "/export/audit.ndjson" + self.parameters(parts))

    def page(self):
        odd = self.rng.choice(["%", "%zz", "%ff%fe", "%00", "..", "", "%2f", "a//b"])
        token = quote(self.token()) if self.chance(0.8) else odd
        record = "/records/" + quote(self.id("recordId", "") if self.chance(0.7) else write(self.hostile()))
        below = self.rng.choice(["", "", record, record, "/", "/records/", "/nothing", "//", "?x=%ff"])
        other = self.rng.choice(["/portal", "/portal/", "/assets/x/%ff", "/assets/../x", "/nothing", "//"])
        return self.request("GET", f"/portal/{token}{below}" if self.chance(0.95) else other)


class Run:
    """Sends requests and judges the answers."""

    def __init__(self, demo, seed):
        self.seed, self.number = seed, 0
        self.organizations = demo["organizations"]
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(demo["baseUrl"]).netloc, timeout=30)
        self.staff = [organization["staffToken"] for organization in self.organizations]
        self.portals = [""] * len(self.organizations)
        self.memories = [Memory(portal["token"] for portal in of["portals"]) for of in self.organizations]
        self.kinds, self.statuses, self.codes, self.findings = (collections.Counter() for _ in range(4))
        types = self.ask("", INTROSPECTION, "__schema", "types")
        self.schema = {kind["name"]: kind for kind in types}

    def send(self, request, token):
        """The answer. A kept connection may have been closed meanwhile; a fresh one has to be answered."""
        kept = self.connection.sock is not None
        headers = request.headers | ({"authorization": f"Bearer {token}"} if token else {})
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may answer before it has read all
                self.connection.request(request.method, request.path, request.body, headers)
            answer = self.connection.getresponse()
            return Answer(answer.status, answer.getheader("content-type", ""), answer.read())
        except (http.client.HTTPException, OSError) as error:
            self.connection.close()
            return self.send(request, token) if kept else Answer(0, "", repr(error).encode())

    def ask(self, token, document, *path, **variables):
        """What a request of our own is answered at that path of the data."""
        body = json.dumps({"query": document, "variables": variables}).encode()
        answer = self.send(Request("POST", "/graphql", {"content-type": MEDIA[0]}, body), token)
        found = json.loads(answer.body) if answer.status == 200 else {}
        for name in ("data", *path):
            found = found.get(name) or {}
        return found

    def revive(self, index):
        """Reads what there is, and opens again what the run itself has closed."""
        organization, memory = self.organizations[index], self.memories[index]
        if not self.ask(self.staff[index], "{ staff { viewer { role } } }", "staff", "viewer"):
            owner = organization["owner"] | {"organization": organization["slug"]}
            signed = self.ask("", SIGN_IN, "access", "signIn", input=owner)
            self.staff[index] = signed.get("sessionToken", self.staff[index])
        read = self.ask(self.staff[index], SURVEY, "staff")
        memory.learn(read)
        for node in (edge["node"] for edge in read["recordTypes"]["edges"]) if read else ():
            if node["builtIn"]:
                versions = {"of": read["organization"]["version"], "version": node["version"]}
                self.ask(self.staff[index], SWITCH_ON, id=node["id"], **versions)
        if self.ask(self.portals[index], "{ portal { doorway { id } } }", "portal"):
            return
        for token in memory.known["token"]:
            opened = self.ask("", OPEN, "access", "openPortal", input={"token": token})
            if opened:
                self.portals[index] = opened["sessionToken"]
                return

    def step(self):
        """Request number `number`: sent, counted and judged."""
        if self.number % REVIVE == 0:
            for each in range(len(self.organizations)):
                self.revive(each)
        rng = random.Random(f"{self.seed}/{self.number}")
        kind = rng.choices(list(KINDS), KINDS.values())[0]
        index = rng.randrange(len(self.organizations))
        caller = rng.choice(["staff"] * (20 if kind == "mutation" else 6) + ["portal"] * 3 + ["nobody", "stranger"])
        token = {"staff": self.staff[index], "portal": self.portals[index], "stranger": "vs_" + "A" * 32}.get(caller, "")
        memory = self.memories[index if rng.random() < 0.95 else index - 1]
        maker = Maker(rng, self.schema, memory, caller if caller in ("staff", "portal") else "access")
        request = maker.post(maker.operation(kind)) if kind in ("query", "mutation") else getattr(maker, kind)()
        answer = self.send(request, token)
        problems = self.judge(answer, self.memories[index])
        if set(problems) - set(self.findings):
            self.show(problems, f"{kind}, {caller}", request, answer)
        self.kinds[kind] += 1
        self.statuses[answer.status] += 1
        self.findings.update(problems)
        self.number += 1

    def judge(self, answer, memory):
        """What is wrong with an answer, each sort under one name. What is right is remembered."""
        found = [f"status {answer.status}"] if answer.status >= 500 else []
        if answer.status == 0:
            found.append(f"not answered: {answer.body.decode()}")
        if not answer.body or not re.match("application/(graphql-response[+])?json", answer.media):
            return found
        told = json.loads(answer.body)
        for error in told.get("errors", ()):
            code = error.get("extensions", {}).get("code")
            self.codes[code] += 1
            if code in (None, "INTERNAL"):
                path = ".".join(re.sub("^f[0-9]$", "f", part) for part in error.get("path", ()) if isinstance(part, str))
                found.append(f"{code or 'no code'} at {path or 'no path'}: {error['message'][:60]}")
        memory.learn(told.get("data"))
        return found or ["INTERNAL"] * (b'"code":"INTERNAL"' in answer.body)

    def show(self, problems, who, request, answer):
        """Each sort once, without tokens: 32 characters that are no request id."""
        text = f"{request.method} {request.path} {request.headers}\n"
        text += f"{(request.body or b'').decode(errors='replace')[:4000]}\n"
        text += f"answered {answer.status} {answer.media}\n{answer.body.decode(errors='replace')[:1500]}"
        text = re.sub(r"\bv[sp]_\w+|\b(?![0-9a-f]{32}\b)[A-Za-z0-9]{32}\b", "TOKEN", text)
        print(f"FINDING {'; '.join(problems)}\nseed {self.seed}, request {self.number} ({who})\n{text}\n", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("demo", help="the demo.json of a running demo")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=random.randrange(10**9))
    options = parser.parse_args()
    with open(options.demo, encoding="utf-8") as file:
        run = Run(json.load(file), options.seed)
    print(f"seed {options.seed}", flush=True)
    start, elapsed = time.monotonic(), 0
    while elapsed < options.seconds and run.statuses[0] < 5:
        run.step()
        elapsed = time.monotonic() - start
    if run.send(Request("GET", "/health/ready", {}, None), "").status != 200:
        run.findings["not ready at the end"] += 1
    for title, counter in {"kind": run.kinds, "status": run.statuses, "error code": run.codes}.items():
        print(f"by {title}: " + ", ".join(f"{name} {count}" for name, count in counter.most_common()))
    print(f"requests: {run.number} in {elapsed:.0f} s, {run.number / elapsed:.0f}/s; findings: {run.findings.total()}")
    for problem, count in run.findings.most_common():
        print(f"  {count} x {problem}")
    sys.exit(1 if run.findings else 0)


if __name__ == "__main__":
    main()
