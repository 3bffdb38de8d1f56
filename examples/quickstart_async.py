"""Make two sounds concurrently from texts. The key comes from MIRELO_API_KEY; see quickstart_sync.py."""

import asyncio

from mirelo_ergo import AsyncMireloClient


async def main() -> None:
    """Make two sounds concurrently and save them."""
    async with AsyncMireloClient(max_credits=100) as client:
        requests = [client.text_to_sfx(prompt, duration_ms=3000) for prompt in ("rain on a roof", "footsteps in snow")]
        for result in await asyncio.gather(*(request.run() for request in requests)):
            print(*await result.download("out", overwrite=True))


asyncio.run(main())
