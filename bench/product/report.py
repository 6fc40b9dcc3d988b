"""What was measured, as the report that is kept."""

import datetime
import os
import pathlib
import platform
import shlex
import subprocess
import sys

NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


def shell(command):
    return subprocess.run(command, shell=True, capture_output=True, text=True, check=False).stdout.strip()


def machine():
    cpu = shell("grep -m1 'model name' /proc/cpuinfo | cut -d: -f2")
    memory = shell("awk '/MemTotal/ {printf \"%.0f GB\", $2 / 1e6}' /proc/meminfo")
    load = pathlib.Path("/proc/loadavg").read_text().split()[0]
    return f"{os.cpu_count()} cores of {cpu.strip() or platform.machine()}, {memory}, Linux {platform.release()}; load when it ended {load}"


class Targets:
    """Each line of what the product must reach, with what it did reach."""

    def __init__(self, found, seconds):
        self.cells, self.facts = found["cells"], found["facts"]
        self.scale = found["scale"]
        self.lines = []

    def rate(self, who, engine, load, connections=64):
        cell = self.cells.get((who, engine, load, connections))
        return cell.rate if cell else None

    def add(self, what, engine, value, unit, bound, at_most=False):
        if value is None:
            return
        reached = value <= bound if at_most else value >= bound
        sign = "≤" if at_most else "≥"
        self.lines.append(
            f"| {what} | {NAMES[engine]} | {sign} {bound:g}{unit} | {value:.3g}{unit} | {'yes' if reached else '**no**'} |"
            if value < 1000 else
            f"| {what} | {NAMES[engine]} | {sign} {bound:,.0f}{unit} | {value:,.0f}{unit} | {'yes' if reached else '**no**'} |")

    def all(self, engine):
        lite = engine == "sqlite"
        circle = lambda load, connections=64: self.rate("circle", engine, load, connections)
        over = lambda value, other: value / other if value and other else None
        express = lambda load: over(circle(load), self.rate("express", engine, load))
        limit = self.facts.get("sqlite_commits" if lite else "postgres_transactions_32")
        single = self.facts.get("sqlite_commits" if lite else "postgres_transactions_1")
        self.add("me, 64 connections", engine, express("me"), " x Express", 20 if lite else 6)
        self.add("portal-session, Stripe at 0 ms, 64", engine, express("portal-session"), " x Express", 9 if lite else 6)
        self.add("webhook, 64", engine, express("webhook"), " x Express", 6 if lite else 3.5)
        self.add("webhook, 64", engine, over(circle("webhook"), limit),
                 " x single commits" if lite else " x pgbench at 32", 1.5 if lite else 0.8)
        self.add("webhook, 1", engine, over(circle("webhook", 1), single),
                 " x single commits" if lite else " x pgbench at 1", 0.35 if lite else 1.0)
        self.add("portal-session, Stripe at 100 ms, 64", engine, over(circle("portal-session at 100 ms"), 640),
                 " of 640/s", 0.97)
        self.add("me meanwhile", engine, over(circle("me while portal at 100 ms"), circle("me")), " of its rate", 0.9)
        # With 64 connections the queue of passwords is full, and the client asks again at once.
        self.add("login, 16", engine, over(circle("login", 16) or circle("login"), self.facts.get("argon2id")),
                 " of argon2id on all cores", 0.9)
        self.add("me at 50/s while logins saturate, p99", engine, self.facts.get(f"steady_p99_ms_{engine}"), " ms", 50, True)
        self.add("episodes, 64", engine, circle("episodes"), "/s", 20_000 if lite else 8000)
        self.add("feed 200, 64", engine, circle("feed 200"), "/s", 20_000 if lite else 8000)
        self.add("feed 304, 64", engine, circle("feed 304"), "/s", 40_000 if lite else 8000)
        feed = self.facts.get("feed_bytes")
        self.add("feed of 20 episodes", engine, feed and feed / 1000, " kB", 15, True)
        self.add("start to first 200", engine, self.facts.get(f"start_ms_{engine}"), " ms", 50 if lite else 150, True)
        self.add("memory idle", engine, self.facts.get(f"idle_mb_{engine}"), " MB", 20, True)
        self.add("memory after all loads", engine, self.facts.get(f"after_mb_{engine}"), " MB", 80, True)
        for load, bound in (("me", 1 / 0.85), ("portal-session", 1 / 0.85), ("episodes", 1 / 0.85), ("webhook", 2 if lite else 1.5)):
            few, many = (self.scale.get((engine, load, users)) for users in (1000, 1_000_000))
            if few and many:
                self.add(f"{load}, 1 thousand users over 1 million", engine, few.rate / many.rate, " x", bound, True)


def write(found, chosen, seconds):
    engines = chosen.databases.split(",")
    targets = Targets(found, seconds)
    for engine in engines:
        targets.all(engine)
    cells = [
        f"| {who} | {NAMES.get(engine, '')} | {load} | {connections} | {cell.rate:,.0f} | {cell.p50:.2f} | {cell.p99:.2f} | "
        f"{cell.cpu_ms:.3f} | {cell.memory:.0f} | {cell.refused or ''} |"
        for (who, engine, load, connections), cell in found["cells"].items()
    ]
    shares = [share(*key[:3], cell) for key, cell in found["cells"].items() if key[3] == 64 and key[1] in NAMES]
    statements = [f"| {load} | {count:.1f} |" for load, count in found["statements"].items()]
    facts = [f"| {name.replace('_', ' ')} | {value:,} |" for name, value in found["facts"].items() if value is not None]
    now = datetime.datetime.now(datetime.UTC)
    return "\n".join([
        "# The product's speed",
        "",
        f"Measured on {now:%Y-%m-%d %H:%M} UTC in {seconds / 60:.0f} minutes at {shell('git rev-parse --short HEAD')} by "
        f"`scripts/bench product {shlex.join(sys.argv[1:])}`".rstrip("` ") + "`, on " + machine() + ".",
        "",
        "The load generator, the database, the constant Stripe and the server share the machine's cores, so figures of one "
        "run compare with each other and with no other run's. Each cell is "
        f"{chosen.seconds} s after a second of warm-up. The Express server is bench/express, a cluster of two; the limits "
        "are crates/api/examples/machine_limits.rs and pgbench with the same rows. Deliveries are distinct, signed, "
        "5.3 kB long and each moves its subscription's period.",
        "",
        "## What it must reach",
        "",
        "| | Database | Wanted | Measured | Reached |",
        "|---|---|---|---|---|",
        *targets.lines,
        "",
        "## Every load",
        "",
        "Milliseconds of processor time are the server's own, without the database server's; refused is what was answered "
        "with an error on purpose (503 when too many passwords wait).",
        "",
        "| Server | Database | Load | Connections | Requests/s | p50 ms | p99 ms | CPU ms/request | Memory MB | Refused |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *cells,
        "",
        "## Where the time goes",
        "",
        f"Of the {os.cpu_count()} cores, in milliseconds for each request at 64 connections: the server, its database, the "
        "constant Stripe, the load generator, and what nobody used, which is waiting, for the disk or for each other. On "
        "SQLite the database is in the server.",
        "",
        "| Server | Database | Load | All | Server | PostgreSQL | Stripe | Load generator | Unused |",
        "|---|---|---|---|---|---|---|---|---|",
        *shares,
        "",
        *(["Statements that a request has PostgreSQL execute, once everything is prepared; each is a round trip:", "",
           "| Load | Statements |", "|---|---|", *statements, ""] if statements else []),
        "## Single facts",
        "",
        "| | |",
        "|---|---|",
        *facts,
        "",
    ])


def share(who, engine, load, cell):
    """A line of where the time goes."""
    everything = 1000 * os.cpu_count() / cell.rate if cell.rate else 0
    parts = [cell.cpu_ms, *(cell.others_ms.get(name, 0) for name in ("PostgreSQL", "Stripe", "load generator"))]
    figures = [everything, *parts, max(0, everything - sum(parts))]
    return f"| {who} | {NAMES[engine]} | {load} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |"
