#!/usr/bin/env python3
"""Bytes through `send` and `listen --raw`, beside ncat and socat: rate, memory, equality.

usage: pipes.py PROGRAM [--mib 1024] [--runs 3]

Each way is timed in turns with the other programs against the same peer of ours, which only counts.
Then it goes once more with a reader that takes 1 KB each 10 ms for two seconds, and every byte is
compared. Of all runs of ours the largest memory counts, of a program that lies in fresh memory, as one does
that was just built. The exit status is 1 when a byte is missing or wrong, memory passes 32 MiB, or the rate
is below that of the better of the two others.
"""

import argparse
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

CHUNK = 1 << 18
MEMORY_KIB = 32 * 1024
RATIO = 1.0


def make_file(path, mib):
    block = os.urandom(1 << 20)
    with open(path, "wb") as file:
        for number in range(mib):
            file.write(number.to_bytes(8, "big") + block[8:])


def take(read, reference, slow):
    """Bytes read to the end; compared with the file `reference` unless it is None."""
    count, began = 0, time.monotonic()
    file = open(reference, "rb") if reference else None
    while True:
        is_slow = time.monotonic() - began < slow
        if is_slow:
            time.sleep(0.01)
        piece = read(1024 if is_slow else CHUNK)
        if not piece:
            return count
        count += len(piece)
        if file and file.read(len(piece)) != piece:
            raise SystemExit(f"wrong bytes before {count}")


def run(command, stdin, stdout):
    """Starts a program; what to call for its end gives its exit status and peak memory in KiB."""
    child = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL)
    # What the system counts for a process that has ended includes ours, of which it was begun.
    peak = 0

    def watch():
        nonlocal peak
        while child.returncode is None:
            try:
                with open(f"/proc/{child.pid}/status") as status:
                    found = [line for line in status if line.startswith("VmHWM:")]
            except OSError:
                return
            if found:
                peak = max(peak, int(found[0].split()[1]))
            time.sleep(0.01)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()

    def ended():
        status = child.wait()
        watching.join()
        return status, peak

    return child, ended


def into(program, path, check, slow):
    """A file piped into a program that sends it to our sink."""
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    began = time.monotonic()
    with open(path, "rb") as file:
        _, ended = run(program(port), file, subprocess.DEVNULL)
        connection, _ = server.accept()
        count = take(connection.recv, path if check else None, slow)
        took = time.monotonic() - began
        connection.close()
        status, memory = ended()
    return count, took, memory, status


def from_cat(program, path, check, slow):
    """The same file by way of a pipe that cat writes into."""
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    began = time.monotonic()
    cat = subprocess.Popen(["cat", path], stdout=subprocess.PIPE)
    _, ended = run(program(port), cat.stdout, subprocess.DEVNULL)
    # Cat shall see it when nobody reads any more.
    cat.stdout.close()
    connection, _ = server.accept()
    count = take(connection.recv, path if check else None, slow)
    took = time.monotonic() - began
    connection.close()
    status, memory = ended()
    cat.wait()
    return count, took, memory, status


def out_of(program, path, check, slow):
    """Our source sends to a program that connects to it and prints what comes."""
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]

    def pour():
        connection, _ = server.accept()
        with open(path, "rb") as file:
            connection.sendfile(file)
        connection.close()

    threading.Thread(target=pour, daemon=True).start()
    began = time.monotonic()
    child, ended = run(program(port), subprocess.DEVNULL, subprocess.PIPE)
    count = take(lambda size: os.read(child.stdout.fileno(), size), path if check else None, slow)
    took = time.monotonic() - began
    status, memory = ended()
    return count, took, memory, status


def listening(program, path, check, slow):
    """Our source connects to a program that listens and prints what comes."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    child, ended = run(program(port), subprocess.DEVNULL, subprocess.PIPE)
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", port))
            break
        except ConnectionRefusedError:
            time.sleep(0.01)
    began = time.monotonic()
    size = os.path.getsize(path)

    def pour():
        with open(path, "rb") as file:
            connection.sendfile(file)
        connection.close()

    threading.Thread(target=pour, daemon=True).start()
    left = size

    def read(room):
        nonlocal left
        piece = os.read(child.stdout.fileno(), min(room, left)) if left else b""
        left -= len(piece)
        return piece

    count = take(read, path if check else None, slow)
    took = time.monotonic() - began
    # Those that take one connection have ended by themselves and wait to be asked how.
    os.kill(child.pid, signal.SIGINT)
    status, memory = ended()
    return count, took, memory, status


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("program")
    arguments.add_argument("--mib", type=int, default=1024)
    arguments.add_argument("--runs", type=int, default=3)
    arguments = arguments.parse_args()
    for tool in ("ncat", "socat"):
        if not shutil.which(tool):
            raise SystemExit(f"{tool} is not here")
    home = tempfile.mkdtemp()
    os.environ["WIREBENCH_HOME"] = home
    path = os.path.join(home, "bytes")
    make_file(path, arguments.mib)
    here, host = os.path.join(home, "program"), "127.0.0.1"
    shutil.copyfile(arguments.program, here)
    os.chmod(here, 0o755)
    senders = {
        "wirebench": lambda p: [here, "send", f"tcp://{host}:{p}"],
        "ncat": lambda p: ["ncat", "--send-only", host, str(p)],
        "socat": lambda p: ["socat", "-u", "-b", str(CHUNK), "STDIN", f"TCP:{host}:{p}"],
    }
    ways = {
        "into send": (into, senders),
        "cat into send": (from_cat, senders),
        "out of send": (out_of, {
            "wirebench": lambda p: [here, "send", "--raw", "--wait", "5s", f"tcp://{host}:{p}"],
            "ncat": lambda p: ["ncat", "--recv-only", host, str(p)],
            "socat": lambda p: ["socat", "-u", "-b", str(CHUNK), f"TCP:{host}:{p}", "STDOUT"],
        }),
        "out of listen --raw": (listening, {
            "wirebench": lambda p: [here, "listen", "--raw", f"tcp://{host}:{p}"],
            "ncat": lambda p: ["ncat", "-l", "--recv-only", host, str(p)],
            "socat": lambda p: ["socat", "-u", "-b", str(CHUNK), f"TCP-LISTEN:{p}", "STDOUT"],
        }),
    }
    size, failed = arguments.mib << 20, False
    print(f"| {arguments.mib} MiB | wirebench | ncat | socat | ratio to the better | memory | met |")
    print("|---|---|---|---|---|---|---|")
    for way, (measure, programs) in ways.items():
        rates, peak = {name: [] for name in programs}, 0
        for _ in range(arguments.runs):
            for name, program in programs.items():
                count, took, memory, status = measure(program, path, False, 0)
                if name == "wirebench" and (count != size or status != 0):
                    print(f"{way}: {count} of {size} bytes, exit status {status}")
                    failed = True
                rates[name].append(arguments.mib / took)
                peak = max(peak, memory if name == "wirebench" else 0)
        count, _, memory, status = measure(programs["wirebench"], path, True, 2)
        peak = max(peak, memory)
        rate = {name: statistics.median(found) for name, found in rates.items()}
        ratio = rate["wirebench"] / max(rate["ncat"], rate["socat"])
        met = count == size and status == 0 and peak <= MEMORY_KIB and ratio >= RATIO
        failed |= not met
        shown = " | ".join(f"{value:,.0f} MiB/s" for value in rate.values())
        print(f"| {way} | {shown} | {ratio:.2f} | {peak / 1024:.1f} MiB | {'yes' if met else 'no'} |")
    shutil.rmtree(home)
    sys.exit(failed)


if __name__ == "__main__":
    main()
