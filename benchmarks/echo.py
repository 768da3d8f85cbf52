"""`python -m benchmarks.echo`: Dojo's end of the events, which answers everything at once and says which port it is on.

A process of its own, so that the sender that is measured has its processor to itself.
"""

import asyncio

HOST = "127.0.0.1"
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_LENGTH = b"content-length:"


async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one connection's requests, whatever they are, until it hangs up."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            lengths = (line for line in head.lower().split(b"\r\n") if line.startswith(_LENGTH))
            await reader.readexactly(int(next(lengths, b"0").removeprefix(_LENGTH)))
            writer.write(_ANSWER)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(listen, HOST, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
