"""A TLS server: certificate and key from files, echoes in upper case. Prints its port first."""
import socket
import ssl
import sys

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    connection, _ = server.accept()
    try:
        with context.wrap_socket(connection, server_side=True) as secure:
            while data := secure.recv(4096):
                print("received", data.decode().rstrip(), flush=True)
                secure.sendall(data.upper())
    except OSError as error:
        print("failed", error, flush=True)
