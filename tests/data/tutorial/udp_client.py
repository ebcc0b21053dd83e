"""A UDP client: one datagram out, one back."""
import socket
import sys

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    sock.settimeout(10)
    sock.sendto(b"Hello from a UDP client", ("127.0.0.1", int(sys.argv[1])))
    data, address = sock.recvfrom(65535)
    print("received", data.decode(), flush=True)
