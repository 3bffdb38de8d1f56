"""A relay that puts a server far away. Standard library only.

Bytes take half a round trip each way, and the first ones another whole one: what the system takes to connect.
"""

from __future__ import annotations

import asyncio
import threading
from urllib.parse import urlsplit

from bench.child.worker import serve


def far(url: str, round_trip: float) -> str:
    """Put a server this many seconds away, and return its address there."""
    parts = urlsplit(url)
    ready = threading.Event()
    ports: list[int] = []

    async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter, begin: float) -> None:
        """Carry bytes one way, none before `begin`."""
        loop = asyncio.get_running_loop()
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def arrive() -> None:
            data = b"-"
            while data:
                at, data = await under_way.get()
                await asyncio.sleep(at - loop.time())
                target.write(data)
            target.close()

        arriving = asyncio.create_task(arrive())
        data = b"-"
        while data:
            data = await source.read(1 << 16)
            under_way.put_nowait((max(loop.time(), begin) + round_trip / 2, data))
        await arriving

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begin = asyncio.get_running_loop().time() + round_trip  # what the system's own handshake would take
        far_reader, far_writer = await asyncio.open_connection(parts.hostname, parts.port)
        await asyncio.gather(carry(reader, far_writer, begin), carry(far_reader, writer, 0.0), return_exceptions=True)

    async def forever() -> None:
        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        await server.serve_forever()

    threading.Thread(target=lambda: asyncio.run(forever()), daemon=True).start()
    ready.wait()
    return f"{parts.scheme}://127.0.0.1:{ports[0]}"


if __name__ == "__main__":
    serve({"far": far})
