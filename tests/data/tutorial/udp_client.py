"""A UDP client: an empty datagram and a full one out, both back."""
import socket
import sys

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    sock.settimeout(10)
    for message in (b"", b"Hello from a UDP client"):
        sock.sendto(message, ("127.0.0.1", int(sys.argv[1])))
        data, address = sock.recvfrom(65535)
    print("received", data.decode(), flush=True)
