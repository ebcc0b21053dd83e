#!/usr/bin/env python3
"""An HTTP relay with its screen beside the same one without, beside no relay, and beside mitmproxy.

usage: http_relay.py PROGRAM NETLOAD [--count 20000] [--runs 3] [--path /bytes/1K] [--mitmproxy DIR]

NETLOAD is the load generator: its HTTP server answers, its flood asks over 16 connections and checks
every answer. PROGRAM relays twice: as `relay --json` into /dev/null, where every exchange is printed, and
with its screen in a pseudo terminal that is read and thrown away. DIR has the programs mitmproxy and
mitmdump. The exit status is 1 when an answer is wrong, or the rate with the screen is below 0.95 of that
without (or below 3 times mitmdump's, or 20 times mitmproxy's).
"""

import argparse
import contextlib
import json
import os
import pty
import statistics
import subprocess
import sys
import tempfile
import termios
import threading
import time

from relay import free_port, nothing, reached, started


@contextlib.contextmanager
def in_terminal(command):
    """A program on a terminal that is read and thrown away; gives what writes to it."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm-256color"
        termios.tcsetwinsize(0, (40, 120))
        os.execvp(command[0], command)

    def drain():
        with contextlib.suppress(OSError):
            while os.read(terminal, 1 << 16):
                pass

    threading.Thread(target=drain, daemon=True).start()
    try:
        yield terminal
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 15)
        os.waitpid(pid, 0)
        os.close(terminal)


@contextlib.contextmanager
def on_screen(program, port, target):
    with tempfile.TemporaryDirectory() as home:
        os.makedirs(f"{home}/presets")
        with open(f"{home}/presets/through.toml", "w") as preset:
            preset.write(f'[http-relay]\nbind = "127.0.0.1:{port}"\ntarget = "http://127.0.0.1:{target}"\n')
        with in_terminal([program, "--home", home, "through"]) as terminal:
            time.sleep(1)
            os.write(terminal, b"\x1b[15~")
            yield


def ways(options, target):
    """Each way by name: how it is started, and where it listens."""
    program, to = os.path.abspath(options.program), f"http://127.0.0.1:{target}"
    yield "direct", nothing(), target
    port = free_port()
    yield "lines", started([program, "relay", f"http://127.0.0.1:{port}", to, "--json"]), port
    port = free_port()
    yield "screen", on_screen(program, port, target), port
    for name in ("mitmdump", "mitmproxy") if options.mitmproxy else ():
        port = free_port()
        command = [f"{options.mitmproxy}/{name}", "--mode", f"reverse:{to}", "--listen-host", "127.0.0.1",
                   "--listen-port", str(port)]
        yield name, in_terminal(command), port


def flood(options, port):
    """Answers a second, and the median of their times in milliseconds."""
    command = [options.netload, "http-flood", f"127.0.0.1:{port}", "--count", str(options.count),
               "--concurrency", "16", "--path", options.path, "--expect", "200"]
    told = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)
    # The flood ends after 30 seconds, whatever is left of the count: a slow proxy answers what it can till then.
    if told["wrong"] or told["errors"] or not told["ok"]:
        raise SystemExit(f"wrong on port {port}: {told}")
    return told["per_s"], told["latency"]["p50_us"] / 1000


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("program")
    options.add_argument("netload")
    options.add_argument("--count", type=int, default=20000)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--path", default="/bytes/1K")
    options.add_argument("--mitmproxy")
    options = options.parse_args()
    target = free_port()
    figures = {}
    with started([options.netload, "http", f"127.0.0.1:{target}", "--secs", "3600"]):
        reached(target)
        for _ in range(options.runs):
            for name, way, port in ways(options, target):
                with way:
                    reached(port)
                    figures.setdefault(name, []).append(flood(options, port))
    rates = {name: statistics.median(rate for rate, _ in all) for name, all in figures.items()}
    for name, rate in rates.items():
        p50 = statistics.median(p50 for _, p50 in figures[name])
        print(f"{name:10} {rate:7.0f}/s   p50 {p50:.3f} ms")
    wanted = {"lines": 0.95, "mitmdump": 3, "mitmproxy": 20}
    missed = [name for name, least in wanted.items() if rates.get(name, 0) * least > rates["screen"]]
    for name in missed:
        print(f"the screen's rate is {rates['screen'] / rates[name]:.2f} of {name}'s", file=sys.stderr)
    raise SystemExit(int(bool(missed)))


if __name__ == "__main__":
    main()
