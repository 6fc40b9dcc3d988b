"""Processes under test, and the load that wrk puts on them."""

import contextlib
import dataclasses
import json
import os
import pathlib
import resource
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

TICKS = os.sysconf("SC_CLK_TCK")
REQUESTS_LUA = pathlib.Path(__file__).resolve().parent.parent / "requests.lua"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(port, path, headers=None, method="GET", timeout=10):
    """Status and body of one request."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def descendants(pid):
    """A process and all its children."""
    found = [pid]
    for pid in found:
        with contextlib.suppress(FileNotFoundError):  # it ended meanwhile
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                found.extend(int(child) for child in (task / "children").read_text().split())
    return found


def cpu_of(pid):
    """Seconds of processor time so far, in user and kernel, of a process, its children, and those that it waited for."""
    total = 0
    for pid in descendants(pid):
        with contextlib.suppress(FileNotFoundError):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += sum(int(field) for field in fields[11:15])
    return total / TICKS


class Database:
    """The PostgreSQL server at `url`, as a process and by what it logs."""

    def __init__(self, url):
        folder = pathlib.Path(self.ask(url, "SHOW data_directory"))
        self.url, self.log = url, folder.parent / "log"  # where scripts/postgres has it written
        self.pid = int((folder / "postmaster.pid").read_text().split()[0])

    @staticmethod
    def ask(url, text):
        return subprocess.run(["psql", "--no-psqlrc", "--tuples-only", "--no-align", "--dbname", url, "--command", text],
                              check=True, capture_output=True, text=True).stdout.strip()

    def cpu(self):
        return cpu_of(self.pid)

    @contextlib.contextmanager
    def statements(self):
        """Yields a list, which holds the statements that were executed meanwhile once it is over."""
        told = []
        self.ask(self.url, "ALTER SYSTEM SET log_statement = 'all'")
        self.ask(self.url, "SELECT pg_reload_conf()")
        time.sleep(0.5)
        begun = self.log.stat().st_size
        yield told
        time.sleep(0.5)
        with self.log.open(errors="replace") as file:
            file.seek(begun)
            for line in file:
                _, mark, statement = line.partition("LOG:  ")
                kind, _, text = statement.partition(": ")
                # What listens for changes asks for its own sake.
                if mark and (kind == "statement" or kind.startswith("execute")) and text.strip() != "SELECT 1":
                    told.append(text.strip())
        self.ask(self.url, "ALTER SYSTEM RESET log_statement")
        self.ask(self.url, "SELECT pg_reload_conf()")


class Server:
    """A process that listens, with all its children."""

    def __init__(self, name, command, port, log, env=None, ready="/healthz", folder=None):
        self.name, self.command, self.port, self.ready = name, command, port, ready
        self.log, self.folder = pathlib.Path(log), folder
        self.env = {**os.environ, **(env or {})}
        self.process = None

    def start(self):
        """Starts it; seconds until it answered."""
        with self.log.open("ab") as log:
            begun = time.perf_counter()
            self.process = subprocess.Popen(self.command, env=self.env, cwd=self.folder, stdout=log, stderr=log)
        while time.perf_counter() - begun < 30:
            if self.process.poll() is not None:
                break
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=5) as stream:
                    stream.sendall(f"GET {self.ready} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                    if stream.recv(12).startswith(b"HTTP/1.1"):
                        return time.perf_counter() - begun
            except OSError:
                time.sleep(0.001)
        self.stop()
        raise SystemExit(f"{self.name} did not start:\n{self.log.read_text(errors='replace')[-2000:]}")

    def stop(self):
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def __enter__(self):
        self.started_in = self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def cpu(self):
        return cpu_of(self.process.pid)

    def memory(self):
        """Megabytes in memory; what processes share is counted once."""
        total = 0
        for pid in descendants(self.process.pid):
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        return total / 1024


@dataclasses.dataclass
class Cell:
    """What one load came to."""

    rate: float
    p50: float
    p99: float
    cpu_ms: float
    memory: float
    refused: int
    others_ms: dict
    """Milliseconds of processor time that a request took of others, by name."""


class Load:
    """Prepared requests that wrk sends."""

    def __init__(self, records, once=False, rest=0):
        """`once`: each is sent once and in order; `rest`: seconds after the warm-up, for what was left waiting."""
        self.records, self.once, self.rest = records, once, rest

    def write(self, path):
        with open(path, "wb") as file:
            for record in self.records:
                file.write(b"%d\n" % len(record))
                file.write(record)

    def start(self, port, connections, seconds, path):
        """wrk, running; its requests are in the file at `path`."""
        env = {**os.environ, "REQUESTS": str(path), "ONCE": "1" if self.once else "0"}
        return subprocess.Popen(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", REQUESTS_LUA,
             f"http://127.0.0.1:{port}/"],
            env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def waited_for():
    """Seconds of processor time of the children that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def finish(wrk):
    """What a wrk that ran says."""
    out, err = wrk.communicate()
    lines = [line for line in out.splitlines() if line.startswith("{")]
    if not lines:
        raise SystemExit(f"wrk failed: {out}{err}")
    return json.loads(lines[-1])


def measure(server, load, connections, seconds, path, others):
    """Puts a load on a server, after a short warm-up unless its requests can be sent once only. `others`, by name, work
    for it."""
    load.write(path)
    if not load.once:
        finish(load.start(server.port, connections, 1, path))
        time.sleep(load.rest)
    ended, used = waited_for(), {name: other.cpu() for name, other in others.items()}
    before = server.cpu()
    said = finish(load.start(server.port, connections, seconds, path))
    cpu = server.cpu() - before
    used = {name: other.cpu() - used[name] for name, other in others.items()}
    used["load generator"] = waited_for() - ended
    path.unlink()
    if said["exhausted"]:
        raise SystemExit(f"the prepared requests for {server.name} did not last; raise RATE_AT_MOST")
    taken = said["requests"] - said["refused"]
    if said["broken"] > taken * 0.001 + connections:
        raise SystemExit(f"{server.name} broke {said['broken']} of {said['requests']} connections")
    return Cell(
        rate=taken / said["seconds"], p50=said["p50"], p99=said["p99"], cpu_ms=1000 * cpu / max(taken, 1),
        memory=server.memory(), refused=said["refused"],
        others_ms={name: 1000 * seconds / max(taken, 1) for name, seconds in used.items()})


def send(port, records):
    """Sends requests one after the other, on one connection; each must be answered with 200 or 304."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as stream, stream.makefile("rb") as answers:
        for record in records:
            stream.sendall(record)
            status, length = answers.readline(), 0
            while (line := answers.readline().strip().lower()):
                if line.startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            answers.read(0 if b" 304 " in status else length)
            if status.split()[1] not in (b"200", b"304"):
                raise SystemExit(f"refused: {status}")


def steady(port, record, rate, seconds):
    """Sends at a fixed rate whatever comes back; milliseconds from when each was due to its answer, sorted."""
    import asyncio

    async def one(due, pool, taken):
        if not pool:
            pool.append(await asyncio.open_connection("127.0.0.1", port))
        reader, writer = pool.pop()
        writer.write(record)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                      if line.lower().startswith(b"content-length"))
        await reader.readexactly(length)
        taken.append((asyncio.get_running_loop().time() - due) * 1000)
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"refused: {head[:60]}")
        pool.append((reader, writer))

    async def run():
        loop = asyncio.get_running_loop()
        pool, taken, tasks = [], [], []
        begun = loop.time()
        for number in range(int(rate * seconds)):
            due = begun + number / rate
            await asyncio.sleep(max(0, due - loop.time()))
            tasks.append(loop.create_task(one(due, pool, taken)))
        await asyncio.gather(*tasks)
        return sorted(taken)

    return asyncio.run(run())
