"""Our submits: thousands under faults, and hundreds against a rate limit; in a process of its own."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import attrs

from bench.child.worker import BACKOFF_MS, serve, storm
from mirelo_ergo import AsyncMireloClient, MireloClient, MireloError, SubmitOutcomeUnknown

KEY = "sk-benchmark"
RESUBMITS = 5


def submit(url: str, submits: int, clients: int, threads: int, timeout: float) -> dict[str, str]:
    """Submit jobs and tell what became of each; `timeout` is in seconds, between two bytes of one attempt."""

    def work(share: range, outcomes: dict[str, str]) -> None:
        with MireloClient(KEY, base_url=url, backoff_ms=BACKOFF_MS) as client:
            http = client._io.http
            http.settings = attrs.evolve(
                http.settings, timing=attrs.evolve(http.settings.timing, between_bytes=timeout)
            )
            for number in share:
                try:
                    client.text_to_sfx(f"{number}").submit_job()
                except SubmitOutcomeUnknown:
                    outcomes[f"{number}"] = "unknown"
                except MireloError:
                    outcomes[f"{number}"] = "raised"
                except Exception:
                    outcomes[f"{number}"] = "escaped"
                else:
                    outcomes[f"{number}"] = "accepted"

    return storm(submits, clients, threads, work)


def keyed(url: str, submits: int, clients: int, threads: int, timeout: float) -> dict[str, str]:
    """Do the same under idempotency keys: what is unknown is sent again from its error, as its user would."""

    def work(share: range, outcomes: dict[str, str]) -> None:
        with MireloClient(KEY, base_url=url, backoff_ms=BACKOFF_MS, model="sfx-2.0") as client:
            http = client._io.http
            http.settings = attrs.evolve(
                http.settings, timing=attrs.evolve(http.settings.timing, between_bytes=timeout)
            )
            for number in share:
                try:
                    client.text_to_sfx(f"{number}").submit_job()
                    outcomes[f"{number}"] = "accepted"
                except SubmitOutcomeUnknown as error:
                    outcomes[f"{number}"] = _again(client, error)
                except MireloError:
                    outcomes[f"{number}"] = "raised"

    return storm(submits, clients, threads, work)


def _again(client: MireloClient, error: SubmitOutcomeUnknown) -> str:
    for _ in range(RESUBMITS):
        try:
            client.resubmit(error)
            return "accepted once resubmitted"
        except SubmitOutcomeUnknown:
            continue
    return "unknown"


def burst(url: str, submits: int) -> int:
    """Submit that many at once through one client, a thread each; return how many were accepted."""
    with MireloClient(KEY, base_url=url) as client, ThreadPoolExecutor(submits) as pool:
        jobs = [pool.submit(client.text_to_sfx(f"{number}").submit_job) for number in range(submits)]
        return sum(job.exception() is None for job in jobs)


def burst_async(url: str, submits: int) -> int:
    """Do the same, a task each."""

    async def main() -> int:
        async with AsyncMireloClient(KEY, base_url=url) as client:
            jobs = (client.text_to_sfx(f"{number}").submit_job() for number in range(submits))
            done = await asyncio.gather(*jobs, return_exceptions=True)
            return sum(not isinstance(each, BaseException) for each in done)

    return asyncio.run(main())


if __name__ == "__main__":
    serve({"submit": submit, "keyed": keyed, "burst": burst, "burst_async": burst_async})
