#!/usr/bin/env python3
"""TCP received with the conversation open on the screen, beside a bare sink.

usage: receive.py PROGRAM [--mib 2048] [--runs 3] [--ways client,listener] [--other PROGRAM]

The same sender of ours pours so many MiB, in turns: into a bare sink (one that reads into 256 KiB and forgets),
into a TCP listener of the workbench, and into its TCP client; the workbench runs in a pseudo terminal of
120x40 that is read and thrown away, and its conversation is on the screen. With --other a second build takes its
turns too. Receive buffers are the system's own for all. What arrived is read in its history,
to the byte. Targets: 0.6 of the bare sink, every byte, at most 288 MiB of memory (256 of the timeline).
"""

import argparse
import contextlib
import fcntl
import os
import pty
import socket
import sqlite3
import statistics
import struct
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path

from relay import free_port, reached

CHUNK = b"0123456789abcdef the quick brown fox jumps over the lazy dog....\n" * 4032
RATIO = 0.6
MEMORY_MIB = 288


class Terminal:
    """A program on a terminal of 120x40, whose output is thrown away."""

    def __init__(self, command):
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
            os.execv(command[0], command)
        fcntl.ioctl(self.file, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.frames = 0
        threading.Thread(target=self.drain, daemon=True).start()

    def drain(self):
        with contextlib.suppress(OSError):
            while piece := os.read(self.file, 1 << 16):
                self.frames += piece.count(b"\x1b[?2026h")

    def keys(self, keys, pause=0.3):
        for key in keys:
            os.write(self.file, key)
            time.sleep(pause)

    def memory(self, what="VmHWM"):
        status = Path(f"/proc/{self.pid}/status").read_text()
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith(what))

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, 15)
        os.waitpid(self.pid, 0)
        os.close(self.file)


@contextlib.contextmanager
def workbench(program, preset):
    """The workbench with this preset started and its conversation in focus."""
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "presets").mkdir()
        (Path(home) / "presets" / "one.toml").write_text(preset)
        terminal = Terminal([program, "--home", home, "one"])
        try:
            time.sleep(1)
            terminal.keys([b"\x1b[15~"])
            yield terminal, Path(home)
        finally:
            terminal.close()


def poured(stream, mib):
    """MiB a second until all of it is taken."""
    left, began = mib << 20, time.monotonic()
    while left:
        piece = CHUNK if left >= len(CHUNK) else CHUNK[:left]
        stream.sendall(piece)
        left -= len(piece)
    # What the kernel still holds for the reader counts, too.
    while struct.unpack("i", fcntl.ioctl(stream, termios.TIOCOUTQ, b"\0" * 4))[0]:
        time.sleep(0.001)
    took = time.monotonic() - began
    stream.shutdown(socket.SHUT_WR)
    return mib / took


def bare(mib):
    """The same into a process that only reads."""
    server = socket.create_server(("127.0.0.1", 0))
    sink = os.fork()
    if sink == 0:
        stream, buffer, count = server.accept()[0], bytearray(1 << 18), 0
        while got := stream.recv_into(buffer):
            count += got
        os._exit(int(count != mib << 20))
    with socket.create_connection(server.getsockname()) as stream:
        rate = poured(stream, mib)
    if os.waitpid(sink, 0)[1]:
        raise SystemExit("the bare sink missed bytes")
    server.close()
    return rate


def on_screen(program, side, mib):
    """The same into the workbench: the rate, its memory, its processor time, and what it says it received."""
    port = free_port()
    if side == "client":
        server = socket.create_server(("127.0.0.1", port))
        preset = f'[tcp]\naddress = "127.0.0.1:{port}"\n'
    else:
        preset = f'[tcp-listener]\nbind = "127.0.0.1:{port}"\n'
    with workbench(program, preset) as (terminal, home):
        if side == "client":
            stream = server.accept()[0]
            server.close()
        else:
            reached(port)
            stream = socket.create_connection(("127.0.0.1", port))
        frames, before = terminal.frames, processor(terminal.pid)
        with stream:
            rate = poured(stream, mib)
            frames = (terminal.frames - frames) / (mib / rate)
            used = (processor(terminal.pid) - before) / (mib / 1024)
            peak = terminal.memory()
        return rate, peak, used, frames, received(terminal, home)


def received(terminal, home):
    """Bytes by the history, where they stand when the session was ended by its key."""
    for _ in range(100):
        terminal.keys([b"\x1b[19~"], 0.2)
        with contextlib.closing(sqlite3.connect(home / "state" / "history.db")) as history:
            told = history.execute("select second from entry where kind = 'bytes'").fetchone()
        if told:
            return told[0]
    return None


def processor(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("program")
    options.add_argument("--mib", type=int, default=2048)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--ways", default="client,listener")
    options.add_argument("--other")
    options = options.parse_args()
    programs = {"": options.program} | ({"other ": options.other} if options.other else {})
    rates, rest, failed = {}, {}, False
    for _ in range(options.runs):
        rates.setdefault("bare", []).append(bare(options.mib))
        for name, program in programs.items():
            for side in options.ways.split(","):
                rate, *more, said = on_screen(os.path.abspath(program), side, options.mib)
                rates.setdefault(name + side, []).append(rate)
                rest.setdefault(name + side, []).append(more)
                if said != options.mib << 20:
                    print(f"{name}{side}: {said} of {options.mib << 20} bytes", file=sys.stderr)
                    failed = True
    loop = statistics.median(rates["bare"])
    print(f"bare sink         {loop:6.0f} MiB/s   load {os.getloadavg()[0]:.1f}")
    for name, more in rest.items():
        rate = statistics.median(rates[name])
        peak, used, frames = (max(run[at] for run in more) for at in range(3))
        ratio = statistics.median(own / bare for own, bare in zip(rates[name], rates["bare"]))
        print(f"{name:17} {rate:6.0f} MiB/s   {ratio:.2f} of the bare sink   {peak:.0f} MiB   {used:.2f} s of processor a GiB"
              f"   {frames:.0f} frames/s")
        failed |= name in options.ways and (ratio < RATIO or peak > MEMORY_MIB)
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
