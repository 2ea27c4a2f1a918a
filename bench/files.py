#!/usr/bin/env python3
"""What files cost: how much the service's memory grows while a 2 GB file of staff goes up and down, and while 16
clients send 50 MB each at once; and how fast a 1 GB file leaves beside nginx serving the same file in the same run.
Fails if one of them is beyond its limit. Run by `script/bench files`."""
import argparse
import concurrent.futures
import http.client
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

MB = 1024 * 1024
PIECE = 256 * 1024
NGINX, NGINX_PORT = "/usr/sbin/nginx", 8199
# How much memory may grow, in MB, and what part of nginx's throughput there has to be.
MOST_GROWN, LEAST_RATIO = 16, 0.60
# What is sent comes to 2 GB, 16 times 50 MB and 1 GB, and to what warms up; nginx links to it or has its own.
ROOM = 5000 * MB


def rss(pid):
    """Resident memory in bytes, without pages of files that are only mapped."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) * 1024


class Watch(threading.Thread):
    """Notes the most memory that a process has."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.before, self.most, self.over = pid, rss(pid), 0, threading.Event()

    def run(self):
        while not self.over.wait(0.02):
            self.most = max(self.most, rss(self.pid))

    def grown(self):
        self.over.set()
        self.join()
        return max(0, self.most - self.before) / MB


class Portal:
    """The service under test."""

    def __init__(self, folder, port):
        demo = json.loads((folder / "demo.json").read_text())
        organization = demo["organizations"][0]
        self.port, self.staff = port, organization["staffToken"]
        self.link = organization["portals"][0]["token"]

    def ask(self, token, query, variables):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
        connection.request("POST", "/graphql", json.dumps({"query": query, "variables": variables}), headers)
        answer = json.loads(connection.getresponse().read())
        assert "errors" not in answer, answer
        return answer["data"]

    def record(self):
        """One to which clients may send files."""
        found = self.ask(self.session(), "{ portal { filePlaces { recordId takesUploads } } }", {})
        return next(place["recordId"] for place in found["portal"]["filePlaces"] if place["takesUploads"])

    def address(self, token, root, **wanted):
        kind = "PortalRequestUploadInput" if root == "portal" else "RequestUploadInput"
        query = f"mutation($input: {kind}!) {{ {root} {{ requestUpload(input: $input) {{ url }} }} }}"
        return self.ask(token, query, {"input": wanted})[root]["requestUpload"]["url"].split(str(self.port), 1)[1]

    def session(self):
        query = "mutation($input: OpenPortalInput!) { access { openPortal(input: $input) { sessionToken } } }"
        return self.ask("", query, {"input": {"token": self.link}})["access"]["openPortal"]["sessionToken"]

    def put(self, path, size, head):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        connection.putrequest("PUT", path)
        connection.putheader("content-length", str(size))
        connection.endheaders()
        connection.send(head)
        left, piece = size - len(head), os.urandom(PIECE)
        while left > 0:
            connection.send(piece[: min(left, PIECE)])
            left -= PIECE
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 201, (answer.status, body)
        return json.loads(body)["id"]


def read(port, path, headers=()):
    """Bytes and seconds of a download by curl, so that Python is not what is measured."""
    command = ["curl", "--silent", "--fail", "--output", "/dev/null", "--write-out", "%{size_download} %{time_total}"]
    for header in headers:
        command += ["--header", header]
    said = subprocess.run([*command, f"http://127.0.0.1:{port}{path}"], check=True, capture_output=True, text=True).stdout
    size, seconds = said.split()
    return int(size), float(seconds)


def nginx(folder, file):
    """Serves one file, as Debian's package does it."""
    (folder / "www").mkdir()
    os.link(file, folder / "www" / "file") if os.stat(file).st_dev == os.stat(folder).st_dev else shutil.copy(file, folder / "www" / "file")
    os.chmod(folder / "www" / "file", 0o644)
    (folder / "nginx.conf").write_text(
        f"""worker_processes auto; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{ access_log off; sendfile on; tcp_nopush on; client_body_temp_path {folder}; proxy_temp_path {folder};
fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
server {{ listen 127.0.0.1:{NGINX_PORT}; root {folder}/www; }} }}"""
    )
    server = subprocess.Popen([NGINX, "-e", folder / "error.log", "-c", folder / "nginx.conf", "-g", "daemon off;"])
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", NGINX_PORT), 1).close()
            return server
        except ConnectionRefusedError:
            time.sleep(0.05)
    server.terminate()
    sys.exit(f"nginx does not listen on {NGINX_PORT}: {(folder / 'error.log').read_text()}")


def prepared(folder):
    """Stops with what is missing before gigabytes are moved."""
    if not os.access(NGINX, os.X_OK) or not shutil.which("curl"):
        sys.exit(f"this needs {NGINX} and curl: script/bootstrap --bench installs them")
    if shutil.disk_usage(folder).free < ROOM:
        sys.exit(f"this needs {ROOM // MB} MB of room in {folder}: choose another with TMPDIR")


class Verdict:
    """Says what was measured, and remembers what was too much."""

    def __init__(self):
        self.broken = []

    def grown(self, what, watch):
        grown = watch.grown()
        self.say(f"{what}, memory grew by {grown:.1f} MB (limit {MOST_GROWN} MB)", grown <= MOST_GROWN)

    def say(self, said, fits):
        print(said, flush=True)
        if not fits:
            self.broken.append(said)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("pid", type=int)
    parser.add_argument("--port", type=int, default=8187)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    prepared(options.folder)
    verdict = Verdict()
    portal = Portal(options.folder, options.port)
    record, bearer = portal.record(), [f"authorization: Bearer {portal.staff}"]

    # What the first uploads and downloads allocate for good is no growth.
    for _ in range(2):
        warm = portal.put(portal.address(portal.staff, "staff", recordId=record, fileName="warm.bin"), 64 * MB, b"warm")
        read(options.port, f"/files/{warm}", bearer)

    size = 2048 * MB
    watch = Watch(options.pid)
    watch.start()
    start = time.monotonic()
    file = portal.put(portal.address(portal.staff, "staff", recordId=record, fileName="large.bin"), size, b"large")
    up = time.monotonic() - start
    verdict.grown(f"2 GB up in {up:.1f} s ({size / MB / up:.0f} MB/s)", watch)
    watch = Watch(options.pid)
    watch.start()
    sent, down = read(options.port, f"/files/{file}", bearer)
    assert sent == size, sent
    verdict.grown(f"2 GB down in {down:.1f} s ({size / MB / down:.0f} MB/s)", watch)

    addresses = []
    for _ in range(16):
        session = portal.session()
        addresses.append(portal.address(session, "portal", recordId=record, fileName="Plan.pdf", visitorName="Ada"))
    watch = Watch(options.pid)
    watch.start()
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(len(addresses)) as senders:
        sent = [senders.submit(portal.put, path, 50 * MB, b"%PDF-1.4 ") for path in addresses]
    for one in sent:
        one.result()  # a refusal ends the run
    verdict.grown(f"16 x 50 MB up at once in {time.monotonic() - start:.1f} s", watch)

    gigabyte = portal.put(portal.address(portal.staff, "staff", recordId=record, fileName="gigabyte.bin"), 1024 * MB, b"g")
    at_rest = next((options.folder / "files").rglob("*-gigabyte.bin"))
    with tempfile.TemporaryDirectory(dir=options.folder) as work:
        work = pathlib.Path(work)
        work.chmod(0o755)
        other = nginx(work, at_rest)
        try:
            ours, theirs = [], []
            for _ in range(options.rounds + 1):  # the first of each warms up
                for rates, port, path, headers in (
                    (ours, options.port, f"/files/{gigabyte}", bearer),
                    (theirs, NGINX_PORT, "/file", []),
                ):
                    sent, seconds = read(port, path, headers)
                    assert sent == 1024 * MB, sent
                    rates.append(sent / MB / seconds)
        finally:
            other.terminate()
            other.wait()
    ours, theirs = statistics.median(ours[1:]), statistics.median(theirs[1:])
    ratio = ours / theirs
    said = f"1 GB down: {ours:.0f} MB/s, nginx {theirs:.0f} MB/s, ratio {ratio:.2f} (at least {LEAST_RATIO:.2f})"
    verdict.say(said, ratio >= LEAST_RATIO)
    if verdict.broken:
        sys.exit("beyond the limit: " + "; ".join(verdict.broken))


if __name__ == "__main__":
    main()
