"""Files of traffic as others write them: a datagram of 150 bytes from one of 16 peers each ten microseconds."""

import json
import struct

PEERS = 16
PORT = 9000
SIZE = 150
START = 1_764_400_000
# What the first of them looks like on the screen.
FIRST = "reading number"


def payload(number):
    return f"reading number {number:09} of a sensor, all good here and nothing to report, as ever;".encode().ljust(SIZE - 1, b".") + b"\n"


def write(path, count):
    """So many records, in the format that the name ends with."""
    with open(path, "wb", buffering=1 << 20) as file:
        (jsonl if path.suffix == ".jsonl" else pcapng)(file, count)


def jsonl(file, count):
    for number in range(count):
        second, micros = divmod(number * 10, 1_000_000)
        minute, second = divmod(second, 60)
        peer = number % PEERS
        text = json.dumps(payload(number).decode())
        file.write(f'{{"v":1,"type":"record","time":"2026-11-29T10:{minute:02}:{second:02}.{micros:06}Z","conn":"1/{peer + 1}","proto":"udp",'
                   f'"side":"listener","tls":false,"local":"127.0.0.1:{PORT}","peer":"127.0.0.1:{40_000 + peer}","dir":"in","kind":"data",'
                   f'"len":{SIZE},"text":{text}}}\n'.encode())


def pcapng(file, count):
    file.write(struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28))
    raw_ip = 101
    file.write(struct.pack("<IIHHII", 1, 20, raw_ip, 0, 0, 20))
    total = 20 + 8 + SIZE
    padded = total + -total % 4
    for number in range(count):
        at = START * 1_000_000 + number * 10
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, total, number & 0xFFFF, 0, 64, 17, 0, bytes((127, 0, 0, 1)), bytes((127, 0, 0, 1)))
        words = sum(struct.unpack(">10H", ip))
        words = (words & 0xFFFF) + (words >> 16)
        ip = ip[:10] + struct.pack(">H", ~(words + (words >> 16)) & 0xFFFF) + ip[12:]
        udp = struct.pack(">HHHH", 40_000 + number % PEERS, PORT, 8 + SIZE, 0)
        file.write(struct.pack("<IIIIIII", 6, 32 + padded, 0, at >> 32, at & 0xFFFFFFFF, total, total))
        file.write((ip + udp + payload(number)).ljust(padded, b"\0"))
        file.write(struct.pack("<I", 32 + padded))
