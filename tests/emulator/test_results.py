"""Results: real sound of the asked length, signed URLs, ranges."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pytest

from mirelo_ergo.emulator import running
from tests.emulator.support import TEXT, Api, fetch, read_wav, store_error_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


@pytest.mark.parametrize("duration_ms", [1000, 1001, 4321, 10_000])
def test_a_wav_has_exactly_the_asked_length(api: Api, duration_ms: int) -> None:
    (url,) = api.results(TEXT, prompt="bell", duration_ms=duration_ms)
    answer = fetch(url)
    assert answer.headers["content-type"] == "audio/wav"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["accept-ranges"] == "bytes"
    sound = read_wav(answer.content)
    assert len(sound) == duration_ms * 48
    assert np.abs(sound.astype(int)).max() > 2000
    assert abs(int(sound[0, 0])) < 100
    assert abs(int(sound[-1, 0])) < 100


def test_samples_differ_and_the_same_request_gives_the_same_bytes(api: Api) -> None:
    request = {"prompt": "rain", "duration_ms": 1500, "num_samples": 4}
    first = [fetch(url) for url in api.results(TEXT, **request)]
    again = [fetch(url) for url in api.results(TEXT, **request)]
    assert len({answer.content for answer in first}) == 4
    assert [answer.content for answer in first] == [answer.content for answer in again]
    assert [answer.headers["etag"] for answer in first] == [answer.headers["etag"] for answer in again]
    assert len({answer.headers["etag"] for answer in first}) == 4


def test_the_seed_decides() -> None:
    def made(seed: int) -> tuple[str, bytes]:
        with running(seed=seed) as emu, Api(emu) as api:
            accepted = api.submit(TEXT, prompt="rain", duration_ms=1000)
            (url,) = api.finish(accepted)["result"]["result_urls"]
            return accepted["job_id"], hashlib.sha256(fetch(url).content).digest()

    assert made(1) == made(1)
    assert made(1)[0] != made(2)[0]
    assert made(1)[1] != made(2)[1]


def test_words_choose_a_texture(api: Api) -> None:
    def made(prompt: str) -> NDArray[np.float64]:
        (url,) = api.results(TEXT, prompt=prompt, duration_ms=4000)
        return read_wav(fetch(url).content)[:, 0] / 32768

    def share_above(sound: NDArray[np.float64], hertz: float) -> float:
        power = np.abs(np.fft.rfft(sound)) ** 2
        return float(power[np.fft.rfftfreq(len(sound), 1 / 48_000) > hertz].sum() / power.sum())

    def loud_share(sound: NDArray[np.float64]) -> float:
        level = np.abs(sound).reshape(-1, 480).max(axis=1)
        return float((level > 0.05).mean())

    assert share_above(made("Rain on a tin roof"), 800) > 0.9
    assert share_above(made("wind"), 2000) < 0.05
    assert share_above(made("an old ENGINE idles"), 1000) < 0.05
    assert loud_share(made("an old engine idles")) > 0.9
    assert loud_share(made("footsteps in snow")) < 0.5
    assert loud_share(made("impact")) < 0.8
    assert 0.05 < loud_share(made("something else")) < 0.9


def test_a_result_url_lives_an_hour_and_a_poll_gives_a_fresh_one(api: Api) -> None:
    accepted = api.submit(TEXT, prompt="rain", duration_ms=1000)
    (url,) = api.finish(accepted)["result"]["result_urls"]
    api.emu.clock.advance(3590)
    content = fetch(url).content
    api.emu.clock.advance(11)
    assert store_error_of(fetch(url)) == (403, "AccessDenied")
    (fresh,) = api.get(accepted["job_url"]).json()["result"]["result_urls"]
    assert fetch(fresh).content == content
    api.emu.clock.advance(24 * 3600)
    assert store_error_of(fetch(fresh)) == (403, "AccessDenied")


def test_a_result_is_gone_after_a_day_even_under_a_fresh_url(api: Api) -> None:
    accepted = api.submit(TEXT, prompt="rain", duration_ms=1000)
    api.finish(accepted)
    api.emu.clock.advance(24 * 3600 - 60)
    (url,) = api.get(accepted["job_url"]).json()["result"]["result_urls"]
    api.emu.clock.advance(61)
    assert store_error_of(fetch(url)) == (404, "NoSuchKey")


def test_what_the_store_refuses(api: Api) -> None:
    url, other = api.results(TEXT, prompt="rain", duration_ms=1000, num_samples=2)
    assert store_error_of(fetch(url, authorization=f"Bearer {api.emu.key}")) == (400, "InvalidArgument")
    assert store_error_of(fetch(url.partition("?")[0])) == (403, "SignatureDoesNotMatch")
    stolen = other.partition("?")[0] + "?" + url.partition("?")[2]
    assert store_error_of(fetch(stolen)) == (403, "SignatureDoesNotMatch")
    assert httpx.head(url, verify=False).status_code == 403  # signed for GET


def test_ranges(api: Api) -> None:
    (url,) = api.results(TEXT, prompt="rain", duration_ms=2500)
    whole = fetch(url)
    size, etag = len(whole.content), whole.headers["etag"]
    block = 48_000 * 4
    for header, first, last in [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, size),
        ("bytes=40-50", 40, 51),
        (f"bytes={44 + block - 3}-{44 + block + 2}", 44 + block - 3, 44 + block + 3),
        (f"bytes=7-{size + 99}", 7, size),
        ("bytes=-5", size - 5, size),
        (f"bytes=-{size + 1}", 0, size),
        (f"bytes={size - 1}-", size - 1, size),
    ]:
        answer = fetch(url, range=header)
        assert answer.status_code == 206, header
        assert answer.headers["content-range"] == f"bytes {first}-{last - 1}/{size}"
        assert answer.content == whole.content[first:last]
        assert answer.headers["etag"] == etag
    for header in (f"bytes={size}-", f"bytes={size + 5}-{size + 9}", "bytes=-0"):
        answer = fetch(url, range=header)
        assert (answer.status_code, answer.headers["content-range"], answer.content) == (416, f"bytes */{size}", b"")
    for header in ("bytes=5-3", "lines=0-1", "bytes=a-b", "bytes=0-1,4-5"):
        answer = fetch(url, range=header)
        assert (answer.status_code, answer.content) == (200, whole.content)
    assert fetch(url, range="bytes=9-", if_range=etag).status_code == 206
    assert fetch(url, range="bytes=9-", if_range='"other"').content == whole.content


def test_a_client_that_leaves_a_download_does_no_harm(api: Api) -> None:
    (url,) = api.results(TEXT, prompt="rain")
    with httpx.stream("GET", url, verify=False) as answer:
        next(answer.iter_raw(100))
    assert fetch(url).status_code == 200
