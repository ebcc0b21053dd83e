"""A TLS client: trusts the given CA file, sends a line, prints the reply."""
import socket
import ssl
import sys

context = ssl.create_default_context(cafile=sys.argv[2])
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10) as plain:
    with context.wrap_socket(plain, server_hostname="localhost") as secure:
        print("version", secure.version(), flush=True)
        secure.sendall(b"Hello over TLS\n")
        print("received", secure.recv(4096).decode().rstrip(), flush=True)
