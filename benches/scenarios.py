#!/usr/bin/env python3
"""Measures what the screen promises and compares it with references run side by side.

    python3 benches/scenarios.py PROGRAM --tools DIR --netload NETLOAD --bare BARE_TUI
                                 [--runs 5] [--only start,keys,...] [--out FILE]

PROGRAM is a release build. DIR holds tui_probe.py (needs pyte and PyYAML in this Python); NETLOAD
is the load generator and BARE_TUI the smallest useful program of the same kind, both built from
DIR. Each may come from the environment instead: WIREBENCH_TOOLS, NETLOAD, BARE_TUI.

References, all in the same run: R = BARE_TUI, C = curl's time for the same body, S = a bare socket
loop with the same receive buffer, H = the load generator's own HTTP loop. References and program take turns, so both meet the same
machine; every figure is a median over the runs unless it says "worst". A table goes to standard
output, everything measured to --out as JSON. Exit status 1 when a figure misses its target.
"""
import argparse
import contextlib
import datetime
import fcntl
import json
import os
import pty
import re
import select
import socket
import sqlite3
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

import traffic_files

SCENARIOS = Path(__file__).parent / "scenarios"
MIB = 1024


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Bench:
    def __init__(self, options, work):
        self.options, self.work = options, Path(work)
        self.raw, self.rows = {}, []
        self.http = f"127.0.0.1:{free_port(socket.SOCK_STREAM)}"
        self.text = self.work / "text.json"
        self.server = subprocess.Popen(
            [options.netload, "http", self.http, "--warm", "1K,1M,100M", "--secs", "3600"],
            stdout=subprocess.PIPE, text=True)
        self.server.stdout.readline()
        url = f"http://{self.http}/json/1K"
        self.text.write_bytes(subprocess.run(["curl", "-s", url], stdout=subprocess.PIPE, check=True).stdout)

    def close(self):
        self.server.terminate()
        self.server.wait()

    def probe(self, script, name=None, runs=1, warmup=0, change=None, **variables):
        """Runs a script, changed or as it is, and adds what it measured to the runs of `name`."""
        name = name or script
        path = SCENARIOS / f"{script}.yaml"
        if change:
            path, text = self.work / f"{script}.yaml", path.read_text()
            path.write_text(text.replace(*change))
        given = {
            "PROGRAM": self.options.program, "BARE": self.options.bare, "TEXT": self.text,
            "NETLOAD": self.options.netload, "HOME_DIR": self.work / f"home-{name}",
            "WORK": self.work, "HTTP": self.http,
            "UDP": f"127.0.0.1:{free_port(socket.SOCK_DGRAM)}",
            "TCP": f"127.0.0.1:{free_port(socket.SOCK_STREAM)}", "PREPARE": "true", **variables,
        }
        command = [sys.executable, str(Path(self.options.tools) / "tui_probe.py"),
                   str(path), "--runs", str(runs), "--warmup", str(warmup),
                   "--snapdir", str(self.work)]
        for key, value in given.items():
            command += ["--var", f"{key}={value}"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            result = json.loads(done.stdout)
        except ValueError:
            sys.exit(f"{script}: {done.stderr or done.stdout}")
        for problem in result["problems"]:
            print(f"{name}: {problem}", file=sys.stderr)
        self.raw.setdefault(name, []).extend(result["each"])
        return result["each"]

    def values(self, name, path):
        found = []
        for run in self.raw.get(name, []):
            value = run
            for key in path.split("."):
                value = value.get(key) if isinstance(value, dict) else None
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                found.append(value)
        return found

    def median(self, name, path):
        found = self.values(name, path)
        return statistics.median(found) if found else float("nan")

    def worst(self, name, path):
        return max(self.values(name, path), default=float("nan"))

    def row(self, figure, target, measured, met):
        self.rows.append((figure, target, measured, "yes" if met else "**no**"))

    # ---- start and keys, against R ----

    def start(self):
        for _ in range(self.options.runs):
            self.probe("reference")
            self.probe("start", warmup=0 if "start" in self.raw else 1)
            home = self.work / "home-first start"
            self.probe("start", "first start", PREPARE=f'rm -rf "{home}"')
        r = self.median("reference", "ready_ms")
        for name in ("start", "first start"):
            ours = self.median(name, "ready_ms")
            self.row(f"{name} to main screen readable", "≤ 2 R", f"{ours / r:.1f} R ({ours:.1f} ms)", ours <= 2 * r)

    def keys(self):
        for _ in range(self.options.runs):
            self.probe("reference")
            self.probe("keys")
        for path, against, what in (("list", "scroll", "move in a list"), ("type", "type", "type a character"),
                                    ("panes", "scroll", "next pane")):
            r = self.median("reference", f"{against}.first_ms.median")
            ours = self.median("keys", f"{path}.first_ms.median")
            self.row(f"key to change: {what}", "≤ 2 R", f"{ours / r:.1f} R ({ours:.2f} ms)", ours <= 2 * r)

    # ---- 20,000 presets ----

    def many(self):
        """Against a workspace with none; a search and a change by an editor among all of them."""
        home = self.work / "home-many"
        many_presets(home / "presets", 20_000, 200)
        none = self.work / "home-many none"
        for _ in range(self.options.runs):
            self.probe("start", "many none", PREPARE=f'mkdir -p "{none}/presets"',
                       change=('ready: "F5 starts listening"', 'ready: "no presets yet"'))
            self.probe("many", HOME_DIR=home, PREPARE=f'rm -rf "{home}/state"')
        empty, first = self.median("many none", "ready_ms"), self.median("many", "ready_ms")
        self.row("20,000 presets: the first rows, of a start with none", "≤ 1.5", f"{first / empty:.1f} ({first:.1f} of {empty:.1f} ms)",
                 first <= 1.5 * empty)
        whole = self.median("many", "whole.ms")
        self.row("20,000 presets: all in the list", "≤ 2 s", f"{whole / 1000:.2f} s", whole <= 2000)
        for path, what in (("fill.key_ms", "while they are read"), ("move.first_ms", "move in the list"),
                           ("search.first_ms", "search over all")):
            p99, worst = self.median("many", f"{path}.p99"), self.worst("many", f"{path}.max")
            self.row(f"20,000 presets: key p99, {what}", "≤ 33 ms", f"{p99:.1f} ms (longest {worst:.1f})", p99 <= 33)
        noticed = self.median("many", "noticed.ms")
        self.row("20,000 presets: a change by an editor is on screen", "≤ 1 s", f"{noticed:.0f} ms", noticed <= 1000)
        peak = self.worst("many", "peak_rss_kib") / MIB
        self.row("20,000 presets: memory", "≤ 150 MiB", f"{peak:.0f} MiB", peak <= 150)

    # ---- leaving and cancelling ----

    def leave(self):
        # Freeing much takes its time; the terminal has been given back before.
        large = 250
        states = {"nothing runs": ("keys", {}), "a peer that never answers": ("quit", {"PATHNAME": "/hang"}),
                  "a body arriving": ("transfer", {}), "100,000 datagrams/s arriving": ("quit-datagrams", {}),
                  "100 MiB on screen": ("scroll", {"SIZE": "100M"}), "1 GiB on screen": ("quit-body", {"SIZE": "1G"})}
        self.probe("reference", runs=self.options.runs)
        for state, (script, variables) in states.items():
            name = f"leave, {state}"
            self.probe(script, name, runs=self.options.runs, **variables)
            ours = self.median(name, "quit.ms")
            target = large if state.startswith("1 GiB") else 50
            self.row(f"quit: {state}", f"≤ {target} ms", f"{ours:.0f} ms", ours <= target)
        # The probe looks every 22 ms whether a silent program has ended.
        r = self.median("reference", "quit.ms")
        self.row("quit: R, by the same probe", "", f"{r:.0f} ms", True)

    def cancel(self):
        for state, path in (("a peer that never answers", "/hang"), ("a body that stopped", "/hang-body"),
                            ("a body of 100 MiB arriving", "/json/100M?mbps=20"), ("one byte at a time", "/drip/1000")):
            name = f"cancel, {state}"
            self.probe("cancel", name, runs=self.options.runs, PATHNAME=path)
            ours = self.median(name, "cancelled.ms")
            self.row(f"cancel: {state}", "≤ 20 ms", f"{ours:.1f} ms", ours <= 20)

    def idle(self):
        self.probe("idle", runs=1)
        run = self.raw["idle"][0]
        screens = {name: value for name, value in run.items() if isinstance(value, dict) and "wakeups_per_s" in value}
        for key, what, target, limit in (("bytes_per_s", "written", "0 B/s", 0), ("wakeups_per_s", "wake-ups", "≤ 2/s", 2),
                                         ("cpu_pct", "CPU", "≤ 0.3 %", 0.3), ("rss_kib", "memory", "≤ 30 MiB", 30 * MIB)):
            value = max(screen[key] for screen in screens.values())
            shown = f"{value / MIB:.1f} MiB" if key == "rss_kib" else f"{value:g}"
            self.row(f"idle, worst of {len(screens)} screens: {what}", target, shown, value <= limit)

    # ---- bodies, against C ----

    def body(self):
        for _ in range(self.options.runs):
            for size in ("1K", "1M", "100M"):
                self.probe("body", f"body {size}", SIZE=size)
        for size in ("1K", "1M", "100M"):
            name = f"body {size}"
            after = []
            for run in self.raw[name]:
                first_bytes = [float(line.split()[0]) for line in run["curl"]["out"].splitlines()]
                after.append(run["first_lines"]["ms"] - 1000 * statistics.median(first_bytes))
            ours = statistics.median(after)
            self.row(f"first lines after the first byte, {size}", "≤ 30 ms", f"{ours:.1f} ms", ours <= 30)
        ratios, times = [], []
        for run in self.raw["body 100M"]:
            c = 1000 * statistics.median(float(line.split()[1]) for line in run["curl"]["out"].splitlines())
            took = run["end"]["ms"] - run["begin"]["ms"]
            ratios.append(took / c)
            times.append(took)
        ours = statistics.median(ratios)
        self.row("100 MiB of JSON complete, indexed, last line shown", "≤ 5 C",
                 f"{ours:.1f} C ({statistics.median(times):.0f} ms)", ours <= 5)
        peak = self.worst("body 100M", "peak_rss_kib") / MIB
        self.row("peak memory, 100 MiB (worst)", "≤ 175 MiB", f"{peak:.0f} MiB", peak <= 25 + 150)

    def big(self):
        self.probe("quit-body", "1 GiB", SIZE="1G")
        peak = self.worst("1 GiB", "peak_rss_kib") / MIB
        self.row("peak memory, 1 GiB (worst)", "≤ 150 MiB", f"{peak:.0f} MiB", peak <= 150)

    def body_keys(self):
        for _ in range(self.options.runs):
            self.probe("body-keys", "keys, 100 MiB", SIZE="100M", MBPS="0")
            self.probe("body-keys", "keys, 100 MiB in 4 s", SIZE="100M", MBPS="25")
        for name in ("keys, 100 MiB", "keys, 100 MiB in 4 s"):
            p99 = self.median(name, "arriving.key_ms.p99")
            worst = self.worst(name, "arriving.key_ms.max")
            self.row(f"{name} arriving and indexed: p99", "≤ 16 ms", f"{p99:.1f} ms", p99 <= 16)
            self.row(f"{name} arriving and indexed: longest wait", "≤ 50 ms", f"{worst:.1f} ms", worst <= 50)

    def scroll(self):
        for _ in range(self.options.runs):
            self.probe("reference")
            for size in ("1K", "100M"):
                self.probe("scroll", f"scroll {size}", SIZE=size)
        for path, what in (("line", "a line"), ("page", "a page"), ("ends", "End and Home"), ("hit", "the next hit")):
            small = self.median("scroll 1K", f"{path}.first_ms.median")
            large = self.median("scroll 100M", f"{path}.first_ms.median")
            # Same cost: within a quarter, or half a millisecond, of each other.
            same = large <= max(1.25 * small, small + 0.5)
            self.row(f"{what} in 100 MiB, against 1 KiB", "the same", f"{large:.2f} ms, {small:.2f} ms", same)
        r = self.median("reference", "scroll.first_ms.median")
        for path, what in (("line", "a line"), ("folded_line", "a line among folds"),
                           ("folded_page", "a page of folds"), ("fold", "fold or unfold")):
            ours = self.median("scroll 100M", f"{path}.first_ms.median")
            self.row(f"key to change in 100 MiB of JSON: {what}", "≤ 2 R", f"{ours / r:.1f} R ({ours:.2f} ms)", ours <= 2 * r)

    # ---- traffic, against S ----

    def bare_loop(self, rate, count):
        """Datagrams a bare loop with the same buffer receives."""
        address = f"127.0.0.1:{free_port(socket.SOCK_DGRAM)}"
        sink = subprocess.Popen([self.options.netload, "udp-sink", address, "--rcvbuf", "4M"], stdout=subprocess.PIPE, text=True)
        sink.stdout.readline()
        blast = [self.options.netload, "udp-blast", address, "--count", str(count), "--rate", str(rate), "--size", "64"]
        sent = json.loads(subprocess.run(blast, stdout=subprocess.PIPE, check=True, text=True).stdout)["sent"]
        return json.loads(sink.communicate()[0].splitlines()[-1])["received"], sent

    def account(self):
        """Sent, and where every datagram went as the screen says."""
        sent = json.loads((self.work / "blast.json").read_text())["sent"]
        title = lambda name: next(line for line in (self.work / name).read_text().splitlines() if " Traffic " in line)
        number = lambda pattern, text: int(re.sub(r"\D", "", (re.search(pattern, text) or [0, "0"])[1]))
        before, after = title("before.txt"), title("after.txt")
        shown = number(r"([\d,]+) records?\b", after) - number(r"([\d,]+) records?\b", before)
        parts = [shown] + [number(rf"([\d,]+) {word}", after) for word in ("evicted", "dropped by us", "dropped by the kernel")]
        return sent, parts, after

    def datagrams(self):
        lost, exact, bare = [], True, []
        for _ in range(self.options.runs):
            received, sent = self.bare_loop(100_000, 500_000)
            bare.append(sent - received)
            self.probe("datagrams", RATE="100000", COUNT="500000")
            sent, parts, _ = self.account()
            lost.append(sent - parts[0] - parts[1])
            exact &= sent == sum(parts)
        name = "100,000 datagrams/s for 5 s"
        lossless = all(ours == 0 for ours, theirs in zip(lost, bare) if theirs == 0)
        self.row(f"{name}: lost, ours and S, each run", "0 where S is 0", f"{lost}, {bare}", lossless)
        self.row(f"{name}: sent = shown + evicted + dropped by us + by the kernel", "exactly", "exact" if exact else "NOT exact", exact)
        p99, worst = self.median("datagrams", "keys.first_ms.p99"), self.worst("datagrams", "keys.first_ms.max")
        self.row(f"{name}: key p99", "≤ 16 ms", f"{p99:.1f} ms", p99 <= 16)
        self.row(f"{name}: longest wait for a key", "≤ 50 ms", f"{worst:.1f} ms", worst <= 50)

    def flood(self):
        exact, said = True, ""
        for _ in range(max(1, self.options.runs // 2)):
            self.probe("datagrams", "flood", RATE="0", COUNT="3000000")
            sent, parts, said = self.account()
            exact &= sent == sum(parts)
            print(f"flood: {sent} sent, {parts}", file=sys.stderr)
        self.row("3,000,000 datagrams without a pause: the same count", "exactly", "exact" if exact else f"NOT exact: {said}", exact)
        ours = self.median("flood", "quit.ms")
        self.row("quit: two million records kept", "≤ 250 ms", f"{ours:.0f} ms", ours <= 250)
        worst = self.worst("flood", "keys.first_ms.max")
        self.row("3,000,000 datagrams without a pause: longest wait for a key", "≤ 50 ms", f"{worst:.1f} ms", worst <= 50)

    # ---- many small events, followed with columns, strip and a filter ----

    def live(self):
        """Sixty seconds at 50,000 events a second, of either kind."""
        for kind in ("udp", "tcp"):
            for _ in range(max(1, self.options.runs // 2)):
                self.followed(kind, 50_000, 60, f"live {kind}", None)
            name = f"50,000 {'datagrams' if kind == 'udp' else 'messages of 64 connections'}/s for 60 s, followed"
            told = self.raw[f"live {kind} told"]
            dropped, exact = sum(run["dropped"] for run in told), all(run["exact"] for run in told)
            self.row(f"{name}: dropped by us", "0", f"{dropped}", dropped == 0)
            self.row(f"{name}: sent = told", "exactly", "exact" if exact else f"NOT exact: {told}", exact)
            slow = min(run["rate"] for run in told)
            self.row(f"{name}: the sender's rate, records in all", "≥ 49,500/s", f"{slow:,}/s, {told[-1]['records']:,}", slow >= 49_500)
            p99, worst = self.median(f"live {kind}", "keys.first_ms.p99"), self.worst(f"live {kind}", "keys.first_ms.max")
            self.row(f"{name}: key p99", "≤ 33 ms", f"{p99:.1f} ms (longest {worst:.1f})", p99 <= 33)
        udp = f"127.0.0.1:{free_port(socket.SOCK_DGRAM)}"
        blast = [self.options.netload, "udp-blast", udp, "--count", "175000", "--rate", "50000", "--size", "64"]
        columns = [b"\t", b"\t", b"#", b"\x1b[B" * 5 + b" ", b"\x1b[B" * 8 + b" ", b"\x1b", b"/", b"len > 10 and not marked", b"\r"]
        self.frames("50,000 datagrams/s, followed with a filter", f'[udp-listener]\nbind = "{udp}"\n', blast, columns)

    def breaks(self):
        """Where it breaks beyond that: ten seconds at each rate."""
        for kind, rates in (("udp", (100_000, 150_000, 200_000, 300_000)), ("tcp", (75_000, 100_000, 150_000))):
            for rate in rates:
                told = self.followed(kind, rate, 10, f"breaks {kind}", ("n: 1500", "n: 200"))
                p99 = self.raw[f"breaks {kind}"][-1]["keys"]["first_ms"]["p99"]
                bare = ""
                if kind == "udp":
                    received, sent = self.bare_loop(rate, rate * 10)
                    bare = f"; a bare loop missed {sent - received:,}"
                self.row(f"{rate:,} {kind} events/s for 10 s, followed", "", f"{told['rate']:,}/s sent, {told['dropped']:,} dropped by us, "
                         f"{told['kernel']:,} by the kernel{bare}; key p99 {p99:.1f} ms; {'exact' if told['exact'] else 'NOT exact'}", told["exact"])

    def followed(self, kind, rate, seconds, name, change):
        """One run of it, and what became of what was sent."""
        address = f"127.0.0.1:{free_port(socket.SOCK_DGRAM if kind == 'udp' else socket.SOCK_STREAM)}"
        count = rate * seconds
        sender = (f"{self.options.netload} udp-blast {address} --count {count} --rate {rate} --size 64 --secs 600" if kind == "udp" else
                  f"{sys.executable} {Path(__file__).parent}/small_messages.py {address} --count {count} --rate {rate}")
        self.probe("live", name, change=change, KIND=kind, ADDRESS=address, SENDER=sender)
        sent, parts, after = self.account()
        shown, evicted, by_us, by_kernel = parts
        told = {"sent": sent, "records": shown + evicted, "dropped": by_us, "kernel": by_kernel}
        blast = json.loads((self.work / "blast.json").read_text())
        told["rate"] = int(blast["per_s"])
        if kind == "udp":
            told["exact"] = sent == sum(parts)
        else:
            home = self.work / f"home-{name}"
            with contextlib.closing(sqlite3.connect(home / "state" / "history.db")) as history:
                bytes_told = history.execute("select second from entry where kind = 'bytes'").fetchone()
            told["exact"] = bool(bytes_told) and bytes_told[0] == blast["bytes"]
        self.raw.setdefault(f"{name} told", []).append(told)
        print(f"{name}: {told}", file=sys.stderr)
        return told

    def saturated(self):
        """As many datagrams as come in, beside a bare loop with the same buffer."""
        ours, bare = [], []
        for _ in range(self.options.runs):
            received, sent = self.bare_loop(0, 3_000_000)
            bare.append(received / sent)
            self.probe("datagrams", "saturated", RATE="0", COUNT="3000000")
            sent, parts, _ = self.account()
            ours.append((parts[0] + parts[1]) / sent)
        ratio = statistics.median(own / loop for own, loop in zip(ours, bare))
        shares = ", ".join(f"{own:.2f} of {loop:.2f}" for own, loop in zip(ours, bare))
        self.row("3,000,000 datagrams without a pause: received, of what a bare recvmmsg loop does", "≥ 0.85", f"{ratio:.2f} ({shares})", ratio >= 0.85)

    # ---- a file of a million records ----

    def opened(self):
        """JSON Lines and pcapng of a million records: the first rows, and keys while the rest is read."""
        for kind in ("jsonl", "pcapng"):
            file = self.work / f"million.{kind}"
            if not file.exists():
                traffic_files.write(file, 1_000_000)
            name = f"open {kind}"
            for _ in range(self.options.runs):
                self.probe("open", name, FILE=file, FIRST=traffic_files.FIRST, LAST=r"Traffic ─ 1,0\d\d,\d\d\d records")
            first = self.median(name, "ready_ms")
            self.row(f"a {kind} file of 1,000,000 records: first rows", "≤ 200 ms", f"{first:.0f} ms", first <= 200)
            p99, worst = self.median(name, "keys.first_ms.p99"), self.worst(name, "keys.first_ms.max")
            self.row(f"a {kind} file of 1,000,000 records: key p99 while it is read", "≤ 33 ms", f"{p99:.1f} ms (longest {worst:.1f})", p99 <= 33)
            whole, peak = self.median(name, "whole.ms"), self.worst(name, "peak_rss_kib") / MIB
            self.row(f"a {kind} file of 1,000,000 records: all read, memory", "≤ 300 MiB", f"{whole / 1000:.1f} s, {peak:.0f} MiB", peak <= 300)

    def run_preset(self, preset, keys=()):
        """The program on a terminal of its own, with this preset sent or started, and these keys then."""
        home = Path(tempfile.mkdtemp(dir=self.work))
        (home / "presets").mkdir()
        (home / "presets" / "one.toml").write_text(preset)
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
            os.execv(self.options.program, [self.options.program, "--home", str(home)])
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 45, 140, 0, 0))
        read_for(terminal, 1)
        os.write(terminal, b"\x1b[15~")
        read_for(terminal, 0.5)
        for key in keys:
            os.write(terminal, key)
            read_for(terminal, 0.2)
        return pid, terminal

    def requests(self):
        """Requests a second over 16 kept connections, every one shown; against a bare loop."""
        ours, bare = [], []
        for _ in range(self.options.runs):
            bare.append(json.loads(subprocess.run(self.flooding(self.http, "/json/1K"), stdout=subprocess.PIPE, check=True).stdout))
            address = f"127.0.0.1:{free_port(socket.SOCK_STREAM)}"
            pid, terminal = self.run_preset(f'[http-listener]\nbind = "{address}"\nbody.text = "{"x" * 1024}"\n')
            load = subprocess.Popen(self.flooding(address, "/"), stdout=subprocess.PIPE)
            while load.poll() is None:
                read_for(terminal, 0.1)
            ours.append(json.loads(load.stdout.read()))
            leave(pid, terminal)
        self.raw["requests"], self.raw["requests, bare loop"] = ours, bare
        rate, loop = (statistics.median(run["per_s"] for run in runs) for runs in (ours, bare))
        wrong = sum(run["wrong"] + run["errors"] for run in ours)
        self.row("HTTP listener, requests/s (H, a bare loop)", "≥ 25,000", f"{rate:,.0f} ({loop:,.0f}: {rate / loop:.2f} H)",
                 rate >= 25_000 and wrong == 0)

    def flooding(self, address, path):
        return [self.options.netload, "http-flood", address, "--count", "100000", "--concurrency", "16", "--path", path]

    def frames(self, what, preset, traffic=None, keys=()):
        """Frames and bytes in two seconds of traffic, counted by the marks around each frame."""
        rates, sizes = [], []
        for _ in range(self.options.runs):
            pid, terminal = self.run_preset(preset, keys)
            load = subprocess.Popen(traffic, stdout=subprocess.DEVNULL) if traffic else None
            read_for(terminal, 0.7)
            output = read_for(terminal, 2)
            rates.append(output.count(b"\x1b[?2026h") / 2)
            sizes.append(len(output) / 2000)
            leave(pid, terminal)
            if load:
                load.wait()
        frames, size = max(rates), max(sizes)
        self.raw[f"frames, {what}"] = [{"frames_per_s": rates, "kb_per_s": sizes}]
        self.row(f"{what}: frames to the terminal (worst)", "≤ 30/s", f"{frames:.1f}/s", 0 < frames <= 30)
        self.row(f"{what}: bytes to the terminal (worst)", "≤ 120 KB/s", f"{size:.0f} KB/s", size <= 120)

    def screen(self):
        udp = f"127.0.0.1:{free_port(socket.SOCK_DGRAM)}"
        blast = [self.options.netload, "udp-blast", udp, "--count", "350000", "--rate", "100000", "--size", "64"]
        self.frames("100,000 datagrams/s", f'[udp-listener]\nbind = "{udp}"\n', blast)
        self.frames("a body arriving", f'[http]\nurl = "http://{self.http}/json/100M?mbps=10"\n')


def leave(pid, terminal):
    os.write(terminal, b"\x11")
    read_for(terminal, 0.3)
    os.close(terminal)
    os.waitpid(pid, 0)


def read_for(terminal, seconds):
    """What the program writes in that time."""
    output, until = b"", time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if select.select([terminal], [], [], left)[0]:
            try:
                output += os.read(terminal, 65536)
            except OSError:
                break
    return output


def many_presets(root, count, folders):
    """So many presets, as many in each folder; twenty folders lie in one."""
    for folder in range(folders):
        place = root / f"group-{folder // 20:02}" / f"service-{folder:03}"
        place.mkdir(parents=True)
        for number in range(count // folders):
            method = ("GET", "POST", "PUT", "DELETE")[number % 4]
            (place / f"request-{number:03}.toml").write_text(
                f'about = "Request {number} of service {folder}"\n\n[http]\nmethod = "{method}"\n'
                f'url = "https://api-{folder:03}.example.net:8443/v1/items/{number}?page={number}"\n'
                'headers = ["accept: application/json", "authorization: Bearer {{token}}"]\n\n[expect]\nstatus = 200\n')
    (root / "env").mkdir()
    (root / "env" / "local.toml").write_text('token = "t"\n')


GROUPS = ["start", "many", "keys", "leave", "cancel", "idle", "body", "big", "body_keys", "scroll", "datagrams", "flood", "requests", "screen",
          "live", "breaks", "saturated", "opened"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    for name, variable in (("tools", "WIREBENCH_TOOLS"), ("netload", "NETLOAD"), ("bare", "BARE_TUI")):
        value = os.environ.get(variable)
        parser.add_argument(f"--{name}", default=value, required=value is None)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default=",".join(GROUPS))
    parser.add_argument("--out")
    options = parser.parse_args()
    options.program = str(Path(options.program).resolve())
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(options, work)
        try:
            for group in options.only.split(","):
                load, began = os.getloadavg()[0], time.monotonic()
                getattr(bench, group)()
                print(f"{group}: {time.monotonic() - began:.0f} s, load {load:.1f}", file=sys.stderr)
        finally:
            bench.close()
    print(f"{datetime.date.today()}, {options.runs} runs, {os.cpu_count()} cores\n")
    print("| figure | target | measured | met |\n|---|---|---|---|")
    for row in bench.rows:
        print("| " + " | ".join(row) + " |")
    if options.out:
        Path(options.out).write_text(json.dumps({"rows": bench.rows, "raw": bench.raw}, indent=1))
    sys.exit(any(row[3] != "yes" for row in bench.rows))


if __name__ == "__main__":
    main()
