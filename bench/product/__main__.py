"""The bench of the product: see bench/product.sh, which prepares what this needs and runs it."""

import argparse
import contextlib
import itertools
import json
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import tempfile
import time

import fixtures
import report
from fixtures import http, signed_in
from machine import Database, Load, Server, finish, free_port, get, measure, send, steady

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TARGET = pathlib.Path(os.environ["BENCH_TARGET"])
POSTGRES = os.environ["TEST_DATABASE_URL"]
RATE_AT_MOST = {1: 8_000, 16: 20_000, 64: 25_000}  # deliveries a second that are prepared: none may be sent twice
USERS = 1000
STORY = ["me", "portal-session", "portal-session at 100 ms", "webhook", "episodes", "feed 200", "feed 304", "media", "login"]


def options():
    parser = argparse.ArgumentParser(prog="scripts/bench product")
    parser.add_argument("--quick", action="store_true", help="two seconds a cell, 64 connections alone; keeps no report")
    parser.add_argument("--seconds", type=int, help="a cell's length [default: 5, quick: 2]")
    parser.add_argument("--connections", help="comma-separated [default: 1,16,64]")
    parser.add_argument("--databases", default="sqlite,postgres")
    parser.add_argument("--only", help=f"loads, comma-separated, of: {', '.join(STORY)}")
    parser.add_argument("--scale", action="store_true", help="1 thousand, 100 thousand and 1 million users, and nothing else")
    parser.add_argument("--scale-sizes", default="1000:0,100000:0,1000000:10000000", help="users:old events, comma-separated")
    parser.add_argument("--no-build", action="store_true", help="with what is built")
    parser.add_argument("--no-express", action="store_true", help="without the Express server")
    chosen = parser.parse_args()
    chosen.seconds = chosen.seconds or (2 if chosen.quick else 5)
    chosen.connections = [int(n) for n in (chosen.connections or ("64" if chosen.quick else "1,16,64")).split(",")]
    chosen.only = chosen.only.split(",") if chosen.only else STORY
    return chosen


class Bench:
    def __init__(self, chosen, scratch):
        self.chosen, self.scratch = chosen, scratch
        # Requests are read once and thrown away: in memory, where there is such a place, they do not load the disk.
        memory = pathlib.Path("/dev/shm")
        roomy = memory.is_dir() and shutil.disk_usage(memory).free > 4e9
        self.requests = pathlib.Path(tempfile.mkdtemp(prefix="circle-bench-", dir=memory if roomy else scratch))
        self.postgres = Database(POSTGRES) if "postgres" in chosen.databases else None
        self.stripe = Server("constant Stripe", [str(TARGET / "examples/constant_stripe"), "127.0.0.1:0"], free_port(),
                             scratch / "stripe.log", ready="/v1/account")
        self.stripe.command[1] = f"127.0.0.1:{self.stripe.port}"
        self.found = {"cells": {}, "facts": {}, "scale": {}, "statements": {}}

    def fact(self, name, value):
        self.found["facts"][name] = value
        print(f"  {name}: {value}", flush=True)

    def cell(self, who, engine, load, connections, server, requests):
        others = {"Stripe": self.stripe} | ({"PostgreSQL": self.postgres} if engine == "postgres" else {})
        cell = measure(server, requests, connections, self.chosen.seconds, self.requests / "requests", others)
        self.found["cells"][who, engine, load, connections] = cell
        print(f"  {who:8} {engine:8} {load:24} {connections:3}  {cell.rate:9.0f}/s  p50 {cell.p50:8.2f} ms  "
              f"p99 {cell.p99:8.2f} ms  {cell.cpu_ms:7.3f} ms CPU  "
              f"{' '.join(f'{name} {ms:.3f}' for name, ms in cell.others_ms.items())}  {cell.memory:6.1f} MB  {cell.refused} refused", flush=True)
        return cell

    def delay_stripe(self, milliseconds):
        get(self.stripe.port, f"/delay/{milliseconds}", method="POST")

    def database(self, engine, name):
        """A new, empty database."""
        if engine == "sqlite":
            folder = self.scratch / name
            folder.mkdir()
            return str(folder / "circle.db")
        fixtures.run_sql(POSTGRES, f"SET client_min_messages = error; DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        fixtures.run_sql(POSTGRES, f"CREATE DATABASE {name}")
        return POSTGRES.rsplit("/", 1)[0] + "/" + name

    def drop(self, database):
        if database.startswith("postgres"):
            fixtures.run_sql(POSTGRES, f"DROP DATABASE {database.rsplit('/', 1)[1]} WITH (FORCE)")
        else:
            shutil.rmtree(pathlib.Path(database).parent)

    # --- Servers ---

    def circle(self, database):
        port, folder = free_port(), self.scratch / "circle"
        folder.mkdir(exist_ok=True)
        return Server("circle", [str(TARGET / "circle"), "serve"], port, self.scratch / "circle.log", {
            "LISTEN_ADDR": f"127.0.0.1:{port}", "PUBLIC_URL": f"http://localhost:{port}", "DATA_DIR": str(folder),
            "DATABASE_URL": database if database.startswith("postgres") else f"sqlite://{database}",
            "STRIPE_SECRET_KEY": "sk_test_bench", "STRIPE_API_BASE": f"http://127.0.0.1:{self.stripe.port}",
            "STRIPE_WEBHOOK_SECRET": fixtures.WEBHOOK_SECRET, "SECRET_KEYS": fixtures.SECRET_KEY,
            "RATE_LIMITS": "off", "RUST_LOG": "error",
        }, folder=folder)  # no catalog.toml lies there, so the built-in one is used

    def express(self, database):
        port = free_port()
        return Server("express", ["node", str(ROOT / "bench/express/server.js")], port, self.scratch / "express.log", {
            "PORT": str(port), "DATABASE": database, "STRIPE": f"127.0.0.1:{self.stripe.port}",
            "WEBHOOK_SECRET": fixtures.WEBHOOK_SECRET, "JWT_SECRET": fixtures.SECRET_KEY, "NODE_ENV": "production",
        })

    def migrated(self, engine, name, users, feeds):
        database = self.database(engine, name)
        server = self.circle(database)
        with server:
            pass
        # An installation with a key starts empty; the fixtures copy an episode.
        subprocess.run([str(TARGET / "circle"), "feed", "import", str(ROOT / "seed/feed.xml")], check=True, env=server.env,
                       cwd=server.folder, stdout=subprocess.DEVNULL)
        fixtures.fill_circle(database, users, feeds)
        return database

    # --- What is measured ---

    def limits(self):
        print("limits of this machine", flush=True)
        seconds = str(self.chosen.seconds)
        said = subprocess.run([str(TARGET / "examples/machine_limits"), str(self.scratch), seconds], check=True,
                              capture_output=True, text=True).stdout
        for name, value in json.loads(said).items():
            self.fact(name, value)
        if "postgres" in self.chosen.databases:
            for clients in (1, 32):
                self.fact(f"postgres_transactions_{clients}", self.pgbench(clients))
        bare = Server("bare actix", [str(TARGET / "examples/bare_actix"), "127.0.0.1:0"], free_port(),
                      self.scratch / "bare.log", ready="/")
        bare.command[1] = f"127.0.0.1:{bare.port}"
        body = next(iter(fixtures.Deliveries([1]).take(1))).split(b"\r\n\r\n", 1)[1]
        with bare:
            for connections in self.chosen.connections:
                self.cell("bare", "none", "GET", connections, bare, Load([http("GET", "/")]))
                self.cell("bare", "none", "POST", connections, bare, Load([http("POST", "/", body=body)]))

    def pgbench(self, clients):
        """Transactions a second of an event's row and its listener's update, as pgbench does them."""
        database = self.database("postgres", "limits")
        fixtures.run_sql(database, f"""
            CREATE TABLE listeners (id INTEGER PRIMARY KEY, status TEXT NOT NULL, until BIGINT NOT NULL);
            CREATE TABLE deliveries (id TEXT PRIMARY KEY, payload BYTEA NOT NULL);
            INSERT INTO listeners SELECT i, 'active', 0 FROM {fixtures.numbers(database, USERS)}""")
        script = self.scratch / "pgbench.sql"
        payload = "ab" * 1300
        script.write_text(f"""\\set listener random(1, {USERS})
            \\set delivery random(1, 1000000000000000)
            BEGIN;
            INSERT INTO deliveries VALUES ('evt_' || :delivery, '\\x{payload}') ON CONFLICT DO NOTHING;
            UPDATE listeners SET status = 'active', until = until + 1 WHERE id = :listener;
            COMMIT;""")
        said = subprocess.run(
            [os.environ["BENCH_PGBENCH"], "-n", "-M", "prepared", "-c", str(clients), "-j", str(min(clients, 2)), "-T",
             str(self.chosen.seconds), "-f", str(script), database], check=True, capture_output=True, text=True).stdout
        self.drop(database)
        return round(float(re.search(r"tps = ([0-9.]+)", said).group(1)))

    def loads(self, token, users):
        """Each load's requests, made when it is its turn: tokens and signatures do not last."""
        bearers = lambda: [token(user) for user in users]
        episodes = "/api/episodes"
        feeds = [f"/feeds/{fixtures.feed_token(user)}.xml" for user in users]
        audio = [f"/media/f/{fixtures.feed_token(user)}/ep_bench_1.mp3" for user in users]
        deliveries = fixtures.Deliveries(users)
        count = lambda connections: RATE_AT_MOST.get(connections, 25_000) * self.chosen.seconds
        portal = lambda: Load([signed_in("POST", "/api/billing/portal-session", b) for b in bearers()])
        return {
            "me": lambda _: Load([signed_in("GET", "/api/me", b) for b in bearers()]),
            "portal-session": lambda _: portal(),
            "portal-session at 100 ms": lambda _: portal(),
            "webhook": lambda _, connections=64: Load(deliveries.take(count(connections)), once=True),
            "episodes": lambda _: Load([signed_in("GET", episodes, b) for b in bearers()]),
            "feed 200": lambda _: Load([http("GET", feed) for feed in feeds]),
            "feed 304": lambda port: Load([http("GET", feed, [f"If-None-Match: {etag(port, feed)}"]) for feed in feeds[:50]]),
            "media": lambda _: Load([http("GET", path, ["Range: bytes=0-65535"]) for path in audio]),
            "login": lambda _: Load([fixtures.log_in(user) for user in users], rest=2),
        }

    def product(self, engine):
        print(f"circle on {engine}", flush=True)
        database = self.migrated(engine, "bench_circle", USERS, range(1, USERS + 1))
        starts = []
        for _ in range(5):
            with self.circle(database) as server:
                starts.append(server.started_in)
        self.fact(f"start_ms_{engine}", round(statistics.median(starts) * 1000, 1))
        with self.circle(database) as server:
            time.sleep(8)  # the site is being compressed
            self.fact(f"idle_mb_{engine}", round(server.memory(), 1))
            self.fact("page_kb", page_size(server.port))
            loads = self.loads(fixtures.circle_token, list(range(1, USERS + 1)))
            self.fact("feed_bytes", len(get(server.port, f"/feeds/{fixtures.feed_token(1)}.xml")[1]))
            for load in self.chosen.only:
                self.delay_stripe(100 if "100 ms" in load else 0)
                for connections in self.chosen.connections:
                    self.cell("circle", engine, load, connections, server, prepared(loads, load, server, connections))
            self.together(engine, server, loads)
            time.sleep(5)
            self.fact(f"after_mb_{engine}", round(server.memory(), 1))
            if self.postgres and engine == "postgres":
                self.count_statements(server, loads)
        self.drop(database)

    def count_statements(self, server, loads):
        """What one request asks of PostgreSQL, everything prepared."""
        self.delay_stripe(0)
        for load in [load for load in self.chosen.only if load not in ("media", "login", "portal-session at 100 ms")]:
            records = list(itertools.islice(iter(prepared(loads, load, server, 1).records), 100))
            half = len(records) // 2
            send(server.port, records[:half])
            with self.postgres.statements() as told:
                send(server.port, records[half:])
            self.found["statements"][load] = len(told) / (len(records) - half)
            print(f"  {load}: {self.found['statements'][load]:.1f} statements a request", flush=True)

    def together(self, engine, server, loads):
        """What one load does to another."""
        seconds = self.chosen.seconds
        if {"me", "portal-session at 100 ms"} <= set(self.chosen.only):
            self.delay_stripe(100)
            background = loads["portal-session at 100 ms"](server.port)
            background.write(self.requests / "background")
            wrk = background.start(server.port, 64, seconds + 3, self.requests / "background")
            self.cell("circle", engine, "me while portal at 100 ms", 64, server, loads["me"](server.port))
            finish(wrk)
        if {"me", "login"} <= set(self.chosen.only):
            background = loads["login"](server.port)
            background.write(self.requests / "background")
            wrk = background.start(server.port, 16, seconds + 2, self.requests / "background")
            time.sleep(1)
            taken = steady(server.port, loads["me"](server.port).records[0], 50, seconds)
            finish(wrk)
            self.fact(f"steady_p50_ms_{engine}", round(taken[len(taken) // 2], 2))
            self.fact(f"steady_p99_ms_{engine}", round(taken[int(len(taken) * 0.99)], 2))

    def reference(self, engine):
        print(f"express on {engine}", flush=True)
        database = self.database(engine, "bench_express")
        fixtures.fill_express(database, USERS)
        with self.express(database) as server:
            time.sleep(1)  # the second worker
            self.fact(f"express_idle_mb_{engine}", round(server.memory(), 1))
            loads = self.loads(fixtures.express_token, list(range(1, USERS + 1)))
            self.delay_stripe(0)
            for load in [load for load in ("me", "portal-session", "webhook", "login") if load in self.chosen.only]:
                for connections in self.chosen.connections:
                    self.cell("express", engine, load, connections, server, prepared(loads, load, server, connections))
        self.drop(database)

    def scale(self, engine):
        for size in self.chosen.scale_sizes.split(","):
            users, events = map(int, size.split(":"))
            print(f"circle on {engine} with {users} users and {events} old events", flush=True)
            some = random.Random(1).sample(range(1, users + 1), min(users, 20_000))
            begun = time.time()
            database = self.migrated(engine, "bench_scale", users, some[:1000])
            if events:
                fixtures.fill_events(database, events)
            print(f"  filled in {time.time() - begun:.0f} s", flush=True)
            with self.circle(database) as server:
                loads = self.loads(fixtures.circle_token, some)
                self.delay_stripe(0)
                for load in ("me", "portal-session", "episodes", "webhook"):
                    cell = self.cell(f"{users} users", engine, load, 64, server, loads[load](server.port))
                    self.found["scale"][engine, load, users] = cell
            self.drop(database)


def prepared(loads, load, server, connections):
    """A load's requests. Only those that can be sent once depend on how many are to be sent."""
    return loads[load](server.port, connections) if load == "webhook" else loads[load](server.port)


def etag(port, feed):
    import urllib.request
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{feed}") as answer:
        return answer.headers["ETag"]


def page_size(port):
    """Kilobytes that the first page needs, as they are sent."""
    import urllib.request
    total, pages, seen = 0, ["/"], set()
    for page in pages:
        if page in seen:
            continue
        seen.add(page)
        request = urllib.request.Request(f"http://127.0.0.1:{port}{page}", headers={"Accept-Encoding": "br"})
        with urllib.request.urlopen(request) as answer:
            body = answer.read()
        total += len(body)
        if page == "/":
            plain = get(port, "/")[1].decode(errors="replace")
            pages.extend(re.findall(r"""(/[\w./-]+\.(?:js|wasm|css))""", plain))
    return round(total / 1000, 1) if len(seen) > 1 else None


def main():
    chosen = options()
    with contextlib.ExitStack() as stack:
        # Databases lie on the disk.
        scratch = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="circle-bench-", dir=TARGET)))
        bench = Bench(chosen, scratch)
        stack.callback(shutil.rmtree, bench.requests)
        begun = time.time()
        stack.enter_context(bench.stripe)
        if not chosen.scale:
            bench.limits()
        for engine in chosen.databases.split(","):
            if chosen.scale:
                bench.scale(engine)
                continue
            bench.product(engine)
            if not chosen.no_express:
                bench.reference(engine)
        bench.fact("binary_mb", round((TARGET / "circle").stat().st_size / 1e6, 1))
        text = report.write(bench.found, chosen, time.time() - begun)
    print(text)
    whole = chosen.only == STORY and chosen.databases == "sqlite,postgres"
    if whole and not chosen.quick and not chosen.no_express:
        (ROOT / ("bench/product-scale.md" if chosen.scale else "bench/product.md")).write_text(text)


if __name__ == "__main__":
    main()
