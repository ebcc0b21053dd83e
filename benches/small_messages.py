#!/usr/bin/env python3
"""Small messages over many TCP connections, each written on its own; prints what was sent as JSON.

usage: small_messages.py ADDRESS [--rate 50000] [--count 3000000] [--connections 64] [--size 64]

Each message is numbered and ends with a newline. The connections take turns, so that two messages of one are
some time apart and a reader gets them one by one. Rate 0 = without a pause.
"""

import argparse
import json
import socket
import time


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("address")
    for name, default in (("rate", 50_000), ("count", 3_000_000), ("connections", 64), ("size", 64)):
        options.add_argument(f"--{name}", type=int, default=default)
    options = options.parse_args()
    host, _, port = options.address.rpartition(":")
    streams = []
    for _ in range(options.connections):
        stream = socket.create_connection((host, int(port)), timeout=60)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        streams.append(stream.sendall)
    began, sent = time.monotonic(), 0
    portion = max(1, options.rate // 1000) if options.rate else 1000
    filling = b" abcdefghijklmnopqrstuvwxyz" * (options.size // 27 + 1)
    ends = filling[:options.size - 11] + b"\n"
    while sent < options.count:
        for number in range(sent, min(sent + portion, options.count)):
            streams[number % len(streams)](b"%010d" % number + ends)
        sent = min(sent + portion, options.count)
        if options.rate:
            left = began + sent / options.rate - time.monotonic()
            if left > 0:
                time.sleep(left)
    took = time.monotonic() - began
    print(json.dumps({"sent": sent, "bytes": sent * options.size, "secs": round(took, 3), "per_s": round(sent / took)}))
    time.sleep(1)


if __name__ == "__main__":
    main()
