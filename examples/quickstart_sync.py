"""Make sound for a clip. The key comes from MIRELO_API_KEY.

To try it on this machine: `mirelo-ergo serve` in another terminal, then set MIRELO_API_KEY and MIRELO_BASE_URL to what
it prints.
"""

from pathlib import Path

from mirelo_ergo import MireloClient

clip = Path(__file__).with_name("clip.mp4")

with MireloClient(max_credits=100) as client:
    request = client.video_to_sfx(clip, duration_ms=5000)
    print(request.preflight().credits, "credits")
    print(*request.run().download("out", overwrite=True))
