"""A TCP client: connect, send one line, print the reply."""
import socket
import sys

host, port = "127.0.0.1", int(sys.argv[1])
with socket.create_connection((host, port), timeout=10) as connection:
    connection.sendall(b"Hello from a TCP client\n")
    print("received", connection.recv(4096).decode().rstrip(), flush=True)
