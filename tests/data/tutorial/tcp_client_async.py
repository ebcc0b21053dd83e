"""The TCP client with asyncio streams: three messages, each answered before the next."""
import asyncio
import sys


async def main():
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    for number in range(3):
        writer.write(f"message {number}\n".encode())
        await writer.drain()
        print("received", (await reader.readline()).decode().rstrip(), flush=True)
    writer.close()
    await writer.wait_closed()


asyncio.run(asyncio.wait_for(main(), 10))
