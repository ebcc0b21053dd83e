"""The UDP client with an asyncio datagram endpoint."""
import asyncio
import sys


class Client(asyncio.DatagramProtocol):
    def __init__(self):
        self.answered = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        transport.sendto(b"Hello from asyncio")

    def datagram_received(self, data, address):
        if not self.answered.done():
            self.answered.set_result(data)


async def main():
    loop = asyncio.get_running_loop()
    remote = ("127.0.0.1", int(sys.argv[1]))
    transport, client = await loop.create_datagram_endpoint(Client, remote_addr=remote)
    print("received", (await client.answered).decode(), flush=True)
    transport.close()


asyncio.run(asyncio.wait_for(main(), 10))
