"""Instances of the service beside a running demo, on its database and its Redis, that can be killed and started
again; and that Redis, the same."""
import os
import socket
import subprocess
import time
import urllib.request

PATIENCE = 30


class Instance:
    def __init__(self, binary, folder, port, log, **settings):
        self.binary, self.address, self.log, self.process = binary, f"127.0.0.1:{port}", log, None
        with open(f"{folder}/sealing.keys", encoding="utf-8") as file:
            keys = file.read().strip()
        self.environment = os.environ | {
            "DATABASE_URL": f"postgres:///vestibule?host={folder}/run", "REDIS_URL": f"redis+unix://{folder}/run/redis.sock",
            "SEALING_KEYS": keys, "LISTEN": self.address, "BASE_URL": f"http://{self.address}"} | settings

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.binary, "serve"], env=self.environment, stdout=log, stderr=log)

    def wait(self):
        """Until it is ready, or at least answers: without Redis it never calls itself ready."""
        for _ in range(PATIENCE * 20):
            try:
                with urllib.request.urlopen(f"http://{self.address}/health/live", timeout=1):
                    return
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"{self.address} did not start: see {self.log}")

    def kill(self):
        self.process.kill()
        self.process.wait()


class Redis:
    def __init__(self, folder):
        self.folder, self.socket, self.ours = f"{folder}/redis", f"{folder}/run/redis.sock", None

    def ask(self, *words):
        """What it says to one command, at most some thousand bytes of it."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(self.socket)
            connection.sendall((" ".join(words) + "\r\n").encode())
            return connection.recv(8192).decode()

    def stop(self):
        """Shuts it down, remembering which program it was."""
        process = next(line.split(":")[1] for line in self.ask("INFO", "server").splitlines() if line.startswith("process_id"))
        program = os.readlink(f"/proc/{process}/exe")
        try:
            self.ask("SHUTDOWN", "NOSAVE")
        except OSError:
            pass
        while os.path.exists(f"/proc/{process}/exe") and state_of(process) != "Z":
            time.sleep(0.02)
        return program

    def start(self, program):
        """As the demo does."""
        owner = os.stat(self.folder)
        who = {"user": owner.st_uid, "group": owner.st_gid} if os.geteuid() == 0 else {}
        with open(f"{self.folder}/again.log", "ab") as log:
            self.ours = subprocess.Popen(
                ["redis-server", "--port", "0", "--save", "", "--appendonly", "yes", "--dir", self.folder,
                 "--unixsocket", self.socket], executable=program, cwd="/", stdout=log, **who)

    def end(self):
        if self.ours is not None:
            self.ours.terminate()
            self.ours.wait()


def state_of(process):
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"
