"""The TCP server with asyncio streams: greets, then echoes lines. Prints its port first."""
import asyncio


async def serve(reader, writer):
    writer.write(b"welcome\n")
    while line := await reader.readline():
        writer.write(b"echo " + line)
        await writer.drain()
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
