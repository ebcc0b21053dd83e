#!/usr/bin/env python3
"""The workbench on a terminal for an hour, under steady traffic: does it go on taking memory or descriptors?

usage: soak.py PROGRAM [--seconds 3600] [--warm 700000] [--messages 2000] [--visits 5000] [--every 10] [--out FILE]

A TCP listener that echoes, a UDP listener and an HTTP listener run in one workbench in a pseudo terminal of
120x40, whose output is read and thrown away. First so many datagrams of 400 bytes come quickly, which fills
the timeline (700,000 are 256 MiB with what a record costs); then so many messages a second (of ten: six lines over four kept
TCP connections, three datagrams, a request over a kept HTTP connection) and so many short connections a minute,
each with a line that is echoed. Every so many seconds resident memory and open descriptors are looked at.
The slope is that of the second half of the samples, where the timeline is full. Exit status 1 when an echo
or an answer is wrong or missing, the slope is above 64 KiB a minute, or descriptors grew by more than 8.
"""

import argparse
import contextlib
import fcntl
import json
import os
import pty
import socket
import struct
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path

from relay import free_port

SLOPE_KIB = 64
DESCRIPTORS = 8
BODY = 200
LINE = b"a line of a message of the soak, so long as lines of logs are, and a little longer than most\n"
REQUEST = b"GET /soak?of=an+hour HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n"


class Counts:
    """What the traffic came to."""

    def __init__(self):
        self.lines = self.datagrams = self.requests = self.visits = 0
        self.wrong = []

    def blame(self, what, problem):
        self.wrong.append(f"{what}: {problem}")


@contextlib.contextmanager
def workbench(program, ports):
    """The workbench with its three listeners running; gives its process."""
    with tempfile.TemporaryDirectory() as home:
        presets = Path(home) / "presets"
        presets.mkdir()
        echo = 'rule = [{ when = "always", send = "{{message}}" }]\n'
        texts = {"a": f'[tcp-listener]\nbind = "127.0.0.1:{ports["tcp"]}"\n{echo}',
                 "b": f'[udp-listener]\nbind = "127.0.0.1:{ports["udp"]}"\n',
                 "c": f'[http-listener]\nbind = "127.0.0.1:{ports["http"]}"\nbody.text = "{"x" * BODY}"\n'}
        for name, text in texts.items():
            (presets / f"{name}.toml").write_text(text)
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
            os.execv(program, [program, "--home", home])
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

        def drain():
            with contextlib.suppress(OSError):
                while os.read(terminal, 1 << 16):
                    pass

        threading.Thread(target=drain, daemon=True).start()
        time.sleep(1)
        for kind in ("tcp", "udp", "http"):
            start(terminal, kind, ports[kind])
            os.write(terminal, b"\x1b[B")
            time.sleep(0.3)
        try:
            yield pid
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 15)
            os.waitpid(pid, 0)
            os.close(terminal)


def start(terminal, kind, port):
    """F5 opens what the cursor is on, then starts it."""
    for _ in range(4):
        os.write(terminal, b"\x1b[15~")
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            if listens(kind, port):
                return
            time.sleep(0.05)
    raise SystemExit(f"nobody listens on {kind} {port}")


def listens(kind, port):
    table = Path("/proc/net/udp" if kind == "udp" else "/proc/net/tcp").read_text().splitlines()
    state = "07" if kind == "udp" else "0A"
    return any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == state for line in table[1:])


def resident_and_descriptors(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
    return kib, len(os.listdir(f"/proc/{pid}/fd"))


def warm(port, count):
    """So many datagrams, in portions that a busy machine takes."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", port))
        data, due = b"warm".ljust(400, b"."), time.monotonic()
        for at in range(count):
            with contextlib.suppress(ConnectionRefusedError):
                sender.send(data)
            if at % 400 == 399:
                due += 0.01
                time.sleep(max(0, due - time.monotonic()))


def exactly(stream, count):
    got = b""
    while len(got) < count:
        piece = stream.recv(count - len(got))
        if not piece:
            raise OSError(f"closed after {len(got)} of {count} bytes")
        got += piece
    return got


def kept(port):
    stream = socket.create_connection(("127.0.0.1", port), timeout=20)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return stream


def messages(ports, rate, until, counts):
    """Messages at the rate, a hundredth of a second's worth at a time, and their answers."""
    lines = [kept(ports["tcp"]) for _ in range(4)]
    web = kept(ports["http"])
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.connect(("127.0.0.1", ports["udp"]))
    due, at = time.monotonic(), 0
    while (now := time.monotonic()) < until:
        due = max(due + 0.01, now - 1)
        time.sleep(max(0, due - now))
        try:
            for _ in range(max(1, round(rate / 100))):
                kind, at = at % 10, at + 1
                if kind < 6:
                    stream = lines[at % 4]
                    stream.sendall(LINE)
                    if exactly(stream, len(LINE)) != LINE:
                        raise OSError("an echo is wrong")
                    counts.lines += 1
                elif kind < 9:
                    datagrams.send(LINE)
                    counts.datagrams += 1
                else:
                    web.sendall(REQUEST)
                    if not answered(web).startswith(b"HTTP/1.1 200"):
                        raise OSError("an answer is wrong")
                    counts.requests += 1
        except OSError as problem:
            counts.blame("message", problem)
            lines, web = [kept(ports["tcp"]) for _ in range(4)], kept(ports["http"])


def answered(web):
    """The head of an answer, whose body is read too."""
    got = b""
    while b"\r\n\r\n" not in got:
        piece = web.recv(1 << 12)
        if not piece:
            raise OSError("closed before the head of an answer")
        got += piece
    head, body = got.split(b"\r\n\r\n", 1)
    exactly(web, BODY - len(body))
    return head


def visits(port, a_minute, until, counts):
    due = time.monotonic()
    while (now := time.monotonic()) < until:
        due = max(due + 60 / a_minute, now - 1)
        time.sleep(max(0, due - now))
        try:
            with kept(port) as stream:
                stream.sendall(LINE)
                if exactly(stream, len(LINE)) != LINE:
                    raise OSError("an echo is wrong")
            counts.visits += 1
        except OSError as problem:
            counts.blame("visit", problem)


def slope(samples):
    """KiB a minute of a line through these, by least squares."""
    mean_at = sum(at for at, _, _ in samples) / len(samples)
    mean = sum(kib for _, kib, _ in samples) / len(samples)
    spread = sum((at - mean_at) ** 2 for at, _, _ in samples)
    return 60 * sum((at - mean_at) * (kib - mean) for at, kib, _ in samples) / spread if spread else 0.0


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("program")
    for name, default in (("seconds", 3600), ("warm", 700_000), ("messages", 2000), ("visits", 5000), ("every", 10)):
        options.add_argument(f"--{name}", type=float, default=default)
    options.add_argument("--out", help="every sample as JSON")
    options = options.parse_args()
    ports = {"tcp": free_port(), "udp": free_port(), "http": free_port()}
    counts, samples = Counts(), []
    with workbench(os.path.abspath(options.program), ports) as pid:
        print("before", *resident_and_descriptors(pid), flush=True)
        warm(ports["udp"], int(options.warm))
        print(f"after {int(options.warm)} datagrams", *resident_and_descriptors(pid), flush=True)
        began = time.monotonic()
        until = began + options.seconds
        threads = [threading.Thread(target=messages, args=(ports, options.messages, until, counts)),
                   threading.Thread(target=visits, args=(ports["tcp"], options.visits, until, counts))]
        for thread in threads:
            thread.start()
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, options.every))
            at = time.monotonic() - began
            samples.append((round(at, 1), *resident_and_descriptors(pid)))
            said = counts.lines + counts.datagrams + counts.requests
            print(f"{at:6.0f} s  {samples[-1][1] / 1024:7.1f} MiB  {samples[-1][2]} descriptors  {said} messages"
                  f"  {counts.visits} visits  load {os.getloadavg()[0]:.1f}", flush=True)
        for thread in threads:
            thread.join()
    said = counts.lines + counts.datagrams + counts.requests
    half = samples[len(samples) // 2:]
    rise, grown = slope(half), max(fds for *_, fds in half) - half[0][2]
    print(f"{said} messages ({said / options.seconds:.0f}/s), {counts.visits} visits ({60 * counts.visits / options.seconds:.0f}/min),"
          f" {len(counts.wrong)} wrong {counts.wrong[:3]}")
    print(f"memory: {half[0][1] / 1024:.1f} MiB at half time, {half[-1][1] / 1024:.1f} at the end,"
          f" most {max(kib for _, kib, _ in samples) / 1024:.1f}; slope of the second half {rise:.1f} KiB/min (target {SLOPE_KIB})")
    print(f"descriptors: {min(fds for *_, fds in half)} to {max(fds for *_, fds in half)} in the second half")
    if options.out:
        Path(options.out).write_text(json.dumps({"samples": samples, "wrong": counts.wrong}))
    sys.exit(int(bool(counts.wrong) or rise > SLOPE_KIB or grown > DESCRIPTORS))


if __name__ == "__main__":
    main()
