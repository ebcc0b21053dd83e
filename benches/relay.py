#!/usr/bin/env python3
"""A TCP relay beside socat and no relay at all: rate, and what it adds to a request and its answer.

usage: relay.py PROGRAM [--mib 1024] [--runs 3] [--requests 6000]

PROGRAM relays twice: as `relay --json` into /dev/null, where every byte is printed, and with its screen
in a pseudo terminal that is read and thrown away. All take turns against the same peers of ours, which
count what arrives. The exit status is 1 when a byte is missing, the screen's rate is below 0.8 of
socat's, or either adds more than 0.3 ms to the median of 2,000 requests a second.
"""

import argparse
import contextlib
import os
import pty
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import termios
import threading
import time

CHUNK = bytes(1 << 18)
RATE = 2000
RATIO = 0.8
ADDED_MS = 0.3


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def reached(port):
    for _ in range(500):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.02)
    raise SystemExit(f"nobody listens on {port}")


@contextlib.contextmanager
def started(command):
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait()


@contextlib.contextmanager
def on_screen(program, port, target):
    """The workbench with a relay that F5 started."""
    with tempfile.TemporaryDirectory() as home:
        os.makedirs(f"{home}/presets")
        with open(f"{home}/presets/through.toml", "w") as preset:
            preset.write(f'[tcp-relay]\nbind = "127.0.0.1:{port}"\ntarget = "127.0.0.1:{target}"\n')
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ["TERM"] = "xterm-256color"
            termios.tcsetwinsize(0, (40, 120))
            os.execv(program, [program, "--home", home, "through"])

        def drain():
            with contextlib.suppress(OSError):
                while os.read(terminal, 1 << 16):
                    pass

        threading.Thread(target=drain, daemon=True).start()
        time.sleep(1)
        os.write(terminal, b"\x1b[15~")
        try:
            yield
        finally:
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)
            os.close(terminal)


@contextlib.contextmanager
def nothing():
    yield


def ways(program, target):
    """Each way by name: how it is started, and where it listens."""
    ports = [free_port() for _ in range(3)]
    yield "direct", nothing(), target
    to = f"127.0.0.1:{target}"
    if shutil.which("socat"):
        listen = f"TCP-LISTEN:{ports[0]},bind=127.0.0.1,reuseaddr,fork"
        yield "socat", started(["socat", listen, f"TCP:{to}"]), ports[0]
    yield "lines", started([program, "relay", f"127.0.0.1:{ports[1]}", to, "--json"]), ports[1]
    yield "screen", on_screen(program, ports[2], target), ports[2]


def sink():
    """A peer that counts to the end and answers with the count."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve(connection):
        count = 0
        while piece := connection.recv(1 << 18):
            count += len(piece)
        connection.sendall(str(count).encode())
        connection.close()

    def accept():
        while True:
            threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return server.getsockname()[1]


def echo():
    server = socket.create_server(("127.0.0.1", 0))

    def serve(connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError):
            while piece := connection.recv(1 << 12):
                connection.sendall(piece)

    def accept():
        while True:
            threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return server.getsockname()[1]


def pour(port, mib):
    """MiB a second."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        began = time.monotonic()
        for _ in range(mib * 4):
            client.sendall(CHUNK)
        client.shutdown(socket.SHUT_WR)
        told = b""
        while piece := client.recv(64):
            told += piece
        took = time.monotonic() - began
    if told != str(mib << 20).encode():
        raise SystemExit(f"{told} of {mib << 20} bytes arrived")
    return mib / took


def ask(port, requests):
    """Milliseconds of each of so many requests at the rate."""
    took = []
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        due = time.monotonic()
        for _ in range(requests):
            due += 1 / RATE
            while (left := due - time.monotonic()) > 0:
                time.sleep(left if left > 0.0002 else 0)
            began = time.monotonic()
            client.sendall(b"a request of some bytes\n")
            client.recv(1 << 12)
            took.append((time.monotonic() - began) * 1000)
    return took


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("program")
    options.add_argument("--mib", type=int, default=1024)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--requests", type=int, default=6000)
    options = options.parse_args()
    program = os.path.abspath(options.program)
    rates, times = {}, {}
    for _ in range(options.runs):
        for name, way, port in ways(program, sink()):
            with way:
                reached(port)
                rates.setdefault(name, []).append(pour(port, options.mib))
        for name, way, port in ways(program, echo()):
            with way:
                reached(port)
                times.setdefault(name, []).extend(ask(port, options.requests))
    rates = {name: statistics.median(all) for name, all in rates.items()}
    direct = statistics.median(times["direct"])
    failed = False
    for name, rate in rates.items():
        own = sorted(times[name])
        added = statistics.median(own) - direct
        ratio = rate / rates["socat"] if "socat" in rates else 1.0
        p99 = own[len(own) * 99 // 100]
        print(f"{name:8} {rate:7.0f} MiB/s  {ratio:4.2f} of socat   p50 {statistics.median(own):.3f} ms"
              f"  added {added:.3f} ms  p99 {p99:.3f} ms")
        failed |= name == "screen" and ratio < RATIO or name in ("lines", "screen") and added > ADDED_MS
    raise SystemExit(int(failed))


if __name__ == "__main__":
    main()
