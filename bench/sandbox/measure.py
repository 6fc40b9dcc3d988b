"""Measures a sandbox of its own and writes the report. Called by bench/sandbox.sh."""

import datetime
import http.client
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

BINARY = os.environ["CIRCLE_BIN"]
BENCH = pathlib.Path(__file__).resolve().parent.parent
QUICK = "--quick" in sys.argv
SECONDS = 1 if QUICK else 10
STARTS = 3 if QUICK else 20
CONNECTIONS = 64
SIZES = [200, 2_000] if QUICK else [1_000, 10_000, 100_000]
SUBSCRIPTIONS = 50 if QUICK else 500
KEY = "sk_test_bench"
HEADERS = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/x-www-form-urlencoded"}


class Sandbox:
    """A sandbox in a process of its own; `started` is how long it took to answer, in seconds."""

    def __init__(self, data):
        self.data = data
        begun = time.perf_counter()
        self.process = subprocess.Popen(
            [BINARY, "sandbox", "--addr", "127.0.0.1:0", "--data", data],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "RUST_LOG": "error"},
        )
        self.port = int(re.search(r":(\d+)", self.process.stdout.readline()).group(1))
        self.call("GET", "/v1/account")
        self.started = time.perf_counter() - begun

    def call(self, method, path, form=None, connection=None):
        one = connection or http.client.HTTPConnection("127.0.0.1", self.port)
        one.request(method, path, urllib.parse.urlencode(form) if form else None, HEADERS)
        answer = one.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {body.decode()}")
        return json.loads(body)

    def many(self, requests, threads=16):
        """Sends the requests, any number at a time, and gives their answers."""
        requests, answers, lock = iter(requests), [], threading.Lock()

        def work():
            connection = http.client.HTTPConnection("127.0.0.1", self.port)
            while True:
                with lock:
                    request = next(requests, None)
                if request is None:
                    return
                answer = self.call(*request, connection=connection)
                with lock:
                    answers.append(answer)

        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return answers

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()


def wrk(port, requests):
    """Sends the requests, (method, path, form), in a random order; requests a second and milliseconds."""
    with tempfile.NamedTemporaryFile("wb", suffix=".requests", delete=False) as file:
        for method, path, form in requests:
            body = urllib.parse.urlencode(form or {}).encode()
            head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            head += "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
            record = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
            file.write(f"{len(record)}\n".encode() + record)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(BENCH / "requests.lua")]
    printed = subprocess.run(
        [*command, f"http://127.0.0.1:{port}"],
        env={**os.environ, "REQUESTS": file.name},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    os.unlink(file.name)
    result = json.loads(printed.strip().splitlines()[-1])
    if result["refused"] or result["broken"]:
        raise RuntimeError(f"requests failed: {result}")
    return result["requests"] / result["seconds"], result["p50"], result["p99"]


def main():
    folder = tempfile.mkdtemp(prefix="sandbox-bench-")
    lines = []
    say = lambda line: (lines.append(line), print(line, flush=True))
    cell = lambda name, figures: say(f"| {name} | {figures[0]:,.0f} | {figures[1]:.1f} | {figures[2]:.1f} |")
    head = "|---|---:|---:|---:|"
    try:
        starts = []
        for n in range(STARTS):
            one = Sandbox(f"{folder}/start-{n}")
            starts.append(one.started * 1000)
            one.stop()
        starts.sort()
        say("## Start\n")
        say("From the call of the program to the first answer, on a new file:")
        say(f"{starts[len(starts) // 2]:.0f} ms in the middle of {STARTS}, {starts[-1]:.0f} ms at the most.\n")

        sandbox = Sandbox(f"{folder}/load")
        product = sandbox.call("POST", "/v1/products", {"name": "Pro"})["id"]
        price = lambda amount: sandbox.call("POST", "/v1/prices", {
            "product": product, "currency": "usd", "unit_amount": amount, "recurring[interval]": "month"})["id"]
        prices = [price(900), price(1900)]
        customers = []
        levels = []
        for size in SIZES:
            more = range(len(customers), size)
            create = lambda n: ("POST", "/v1/customers", {"email": f"{n}@example.com", "name": f"Listener {n}"})
            begun = time.perf_counter()
            customers += sandbox.many(map(create, more))
            rate = len(more) / (time.perf_counter() - begun)
            print(f"  {size:,} customers, made at {rate:,.0f}/s", flush=True)
            sample = customers[:: max(1, len(customers) // 1_000)]
            levels.append((size, {
                "one by its id": wrk(sandbox.port, [("GET", f"/v1/customers/{one['id']}", None) for one in sample]),
                "by e-mail": wrk(sandbox.port, [("GET", f"/v1/customers?email={one['email']}", None) for one in sample]),
                "the first page of ten": wrk(sandbox.port, [("GET", "/v1/customers", None)]),
                "a page of ten, somewhere": wrk(sandbox.port, [
                    ("GET", f"/v1/customers?starting_after={one['id']}", None) for one in sample]),
            }))

        subscribers = sandbox.many(("POST", "/v1/customers", {
            "email": f"subscriber{n}@example.com",
            "payment_method": "pm_card_visa",
            "invoice_settings[default_payment_method]": "pm_card_visa",
        }) for n in range(SUBSCRIPTIONS))
        subscriptions = sandbox.many(
            ("POST", "/v1/subscriptions", {"customer": one["id"], "items[0][price]": prices[0]}) for one in subscribers)

        say("## Reads\n")
        say("| | requests/s | median ms | 99 % ms |")
        say(head)
        cell("a subscription", wrk(sandbox.port, [
            ("GET", f"/v1/subscriptions/{one['id']}", None) for one in subscriptions]))
        cell("a customer", levels[-1][1]["one by its id"])
        cell("a price", wrk(sandbox.port, [("GET", f"/v1/prices/{one}", None) for one in prices]))
        cell("the subscriptions of a customer", wrk(sandbox.port, [
            ("GET", f"/v1/subscriptions?customer={one['id']}", None) for one in subscribers]))

        say("\n## Updates of subscriptions\n")
        say("Each is on disk, with its event, before it is answered.\n")
        say("| | requests/s | median ms | 99 % ms |")
        say(head)
        cell("metadata", wrk(sandbox.port, [
            ("POST", f"/v1/subscriptions/{one['id']}", {"metadata[seen]": n})
            for one in subscriptions for n in range(4)]))
        cell("a change of plan and its prorations", wrk(sandbox.port, [
            ("POST", f"/v1/subscriptions/{one['id']}",
             {"items[0][id]": one["items"]["data"][0]["id"], "items[0][price]": price})
            for one in subscriptions for price in prices]))
        sandbox.stop()

        say("\n## With the number of customers\n")
        say("| customers, requests/s | " + " | ".join(f"{size:,}" for size, _ in levels) + " |")
        say("|---|" + "---:|" * len(levels))
        for name in levels[0][1]:
            say(f"| {name} | " + " | ".join(f"{level[name][0]:,.0f}" for _, level in levels) + " |")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if QUICK:
        return
    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    report = f"""# The sandbox's speed

`scripts/bench sandbox`, {datetime.date.today()}, at {commit}: {os.cpu_count()} cores of {cpu or platform.machine()},
{platform.system()} {platform.release()}. {CONNECTIONS} connections by wrk on the same machine, {SECONDS} seconds a
line.

"""
    (BENCH / "sandbox.md").write_text(report + "\n".join(lines) + "\n")


main()
