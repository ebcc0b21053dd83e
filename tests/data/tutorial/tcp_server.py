"""A TCP server: answer every line of every client in upper case. Prints its port first."""
import socket
import threading

server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)


def serve(connection, address):
    with connection:
        while data := connection.recv(4096):
            print("received", data.decode().rstrip(), flush=True)
            connection.sendall(data.upper())


while True:
    threading.Thread(target=serve, args=server.accept(), daemon=True).start()
