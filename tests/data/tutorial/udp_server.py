"""A UDP server: answers every datagram in upper case. Prints its port first."""
import socket

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    sock.bind(("127.0.0.1", 0))
    print(sock.getsockname()[1], flush=True)
    while True:
        data, address = sock.recvfrom(65535)
        print("received", data.decode(), flush=True)
        sock.sendto(data.upper(), address)
