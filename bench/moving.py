"""Large files: uploads in constant memory, downloads that go on after a reset."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from bench.children import OURS, SCRATCH, VENDOR, Child
from bench.figures import NO_PEER, Figure, Group, median, mib, rate, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 1 << 20
READ_PIECE = 64 << 10


@attrs.frozen
class _Servers:
    api: Child
    bulk: Child
    api_url: str
    bulk_url: str
    folder: Path

    def file(self, size: int) -> str:
        """Make a file of zeros that takes no disk space, and read it once: it is in the cache for both sides."""
        path = self.folder / f"{size}.mp4"
        with path.open("wb") as file:
            file.truncate(size)
        with path.open("rb") as file:
            while file.read(MIB):
                pass
        return str(path)


@contextmanager
def _servers() -> Iterator[_Servers]:
    SCRATCH.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=SCRATCH))
    try:
        with Child("api") as api, Child("bulk") as bulk:
            yield _Servers(api, bulk, api.do("serve"), bulk.do("serve"), folder)
    finally:
        shutil.rmtree(folder)


def measure_uploads(quick: bool) -> Group:
    """Upload in turn, each time in a fresh process, whose peak memory is the kernel's own figure (VmHWM)."""
    rounds, size, theirs = (2, 128 * MIB, 32 * MIB) if quick else (9, 1024 * MIB, 256 * MIB)
    runs: dict[str, list[dict[str, float]]] = {}
    with _servers() as servers:
        servers.api.do("configure", upload_url=f"{servers.bulk_url}/put")
        small, large, half = servers.file(64 << 10), servers.file(size), servers.file(theirs)
        for _ in range(rounds):
            for command in ("upload", "upload_async"):
                for module in ("ours_files", "bare_files"):
                    with Child(module, OURS) as child:
                        done = child.do(command, url=servers.api_url, small=small, large=large)
                    runs.setdefault(f"{module} {command}", []).append(done)
        for _ in range(min(rounds, 3)):
            with Child("ours_files", OURS) as child:
                done = child.do("upload", url=servers.api_url, small=small, large=half)
            runs.setdefault("ours half", []).append(done)
            with Child("vendor", VENDOR) as child:
                runs.setdefault("vendor half", []).append(child.do("upload", url=servers.api_url, large=half))
        received = servers.bulk.do("counts")["received"]
    vendors = len(runs["vendor half"])
    expected = rounds * 4 * (size + (64 << 10)) + vendors * (2 * theirs + (64 << 10) + len(b"small"))
    assert received == expected, f"the server got {received} bytes instead of {expected}"
    time = {name: median(run["seconds"] for run in values) for name, values in runs.items()}
    extra = {name: median(run["extra"] for run in values) for name, values in runs.items()}
    figures = []
    for colour, command in (("sync", "upload"), ("async", "upload_async")):
        ours, bare = f"ours_files {command}", f"bare_files {command}"
        figures += [
            Figure(
                f"{size // MIB:,} MiB from a path, {colour}: extra memory",
                mib(extra[ours]),
                f"{mib(extra[bare])} (bare httpx)",
                NO_PEER,
                "≤ 32 MiB",
                extra[ours] <= 32 * MIB,
            ),
            Figure(
                f"{size // MIB:,} MiB from a path, {colour}: throughput",
                rate(size, time[ours]),
                f"{rate(size, time[bare])} (bare httpx)",
                ratio(time[bare], time[ours]),
                "≥ 0.90",
                time[bare] / time[ours] >= 0.9,
            ),
        ]
    figures += [
        Figure(
            f"{theirs // MIB} MiB: extra memory",
            mib(extra["ours half"]),
            f"{mib(extra['vendor half'])} (the vendor's SDK)",
            ratio(extra["ours half"], extra["vendor half"]),
        ),
        Figure(
            f"{theirs // MIB} MiB: time",
            f"{time['ours half']:.2f} s",
            f"{time['vendor half']:.2f} s (the vendor's SDK)",
            ratio(time["ours half"], time["vendor half"]),
        ),
    ]
    return Group(
        "Uploads",
        f"A file over loopback to a server in another process that reads and counts; {rounds} rounds, each in a "
        "fresh process. Both sides create the asset, put the bytes and submit; bare httpx streams pieces of 1 MiB "
        "under an explicit Content-Length (async: read off the event loop, as ours). Extra memory is the process's "
        "peak over what it had after a first small upload.",
        figures,
    )


def measure_downloads(quick: bool) -> Group:
    """Download one file with three resets on the way, each time in a fresh process; count every byte off the wire."""
    rounds, size = (1, 64 * MIB) if quick else (3, 1024 * MIB)
    resets = [size // 4 + 12_345, size // 2 + 777, size * 3 // 4 + 65_537]
    figures = []
    with _servers() as servers:
        servers.api.do("configure", result_url=f"{servers.bulk_url}/result.wav")
        for colour, command in (("sync", "download"), ("async", "download_async")):
            twice, extra, seconds = [], [], []
            for _ in range(rounds):
                servers.bulk.do("configure", size=size, resets=resets)
                with Child("ours_files", OURS) as child:
                    done = child.do(command, url=servers.api_url, folder=str(servers.folder / "out"))
                seen = servers.bulk.do("counts")
                assert done["size"] == size, f"the file has {done['size']} bytes instead of {size}"
                assert len(seen["starts"]) == 1 + len(resets), f"GETs began at {seen['starts']}"
                twice.append(done["read"] - seen["heads"] - size)
                extra.append(done["extra"])
                seconds.append(done["seconds"])
            worst = max(twice)
            figures += [
                Figure(
                    f"{size // MIB:,} MiB, {len(resets)} resets, {colour}: bytes fetched twice, worst round",
                    f"{worst:,.0f}",
                    target=f"≤ {len(resets)} × 64 KiB",
                    met=0 <= worst <= len(resets) * READ_PIECE,
                ),
                Figure(f"the same, {colour}: extra memory", mib(median(extra))),
                Figure(f"the same, {colour}: throughput, back-off included", rate(size, median(seconds))),
            ]
    return Group(
        "Downloads",
        f"A WAV over loopback from a server in another process that resets the connection at three places; {rounds} "
        "rounds, each in a fresh process. Bytes fetched twice: all that was read off the sockets, less the answers' "
        "heads and the file. The vendor's SDK has no download.",
        figures,
    )
