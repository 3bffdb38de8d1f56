"""Secrets stay out of what is shown."""

from __future__ import annotations

import pickle
import traceback

import httpx
import pytest

from mirelo_ergo import InvalidRequestError, MireloClient, MireloError, PixazoClient
from mirelo_ergo._runtime.redact import Secret, SignedUrl, safe_url, short_repr, shorten

KEY = "sk-very-secret"


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret(KEY)
    assert secret.reveal() == KEY
    assert KEY not in f"{secret} {secret!r} {secret.fingerprint()}"
    assert secret.scrub(f"bad key {KEY}, I said {KEY}") == "bad key ***, I said ***"


def test_fingerprints_tell_keys_apart() -> None:
    assert Secret(KEY).fingerprint() == Secret(KEY).fingerprint() != Secret("sk-other").fingerprint()


def test_a_secret_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Secret(KEY))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/x.wav?signature=abc", "https://a.example/x.wav?…"),
        ("https://user:pass@a.example:8443/x#part", "https://a.example:8443/x"),
        ("https://a.example", "https://a.example"),
        ("https://a.example:port/", "(malformed URL)"),
        ("https://[::1", "(malformed URL)"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert safe_url(url) == shown


def test_a_signed_url_is_whole_as_a_string_and_safe_in_a_repr() -> None:
    url = SignedUrl("https://a.example/x.wav?signature=abc")
    assert url == "https://a.example/x.wav?signature=abc"
    assert f"{url}".endswith("abc")
    assert "signature" not in f"{url!r} {[url]} { ({'url': url}) }"


def test_long_values_are_cut_and_stay_on_one_line() -> None:
    assert shorten("a\r\nb") == "a\\r\\nb"
    assert shorten("x" * 10, 10) == "x" * 10
    assert shorten("x" * 200, 10) == "x" * 9 + "…"
    assert shorten(["a"]) == "['a']"
    assert len(safe_url("https://a.example/" + "x" * 5000)) < 200


class Broken:
    """A value that cannot be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("not now")


HUGE = 10**5000  # Python writes no integer of over 4300 digits


@pytest.mark.parametrize(
    ("value", "text"), [(["a"], "['a']"), (7, "7"), (HUGE, "<int>"), (Broken(), "<Broken>")], ids=lambda _: ""
)
def test_a_value_is_shown_also_when_its_own_repr_fails(value: object, text: str) -> None:
    assert short_repr(value) == shorten(value) == text


def test_a_number_that_cannot_be_written_is_refused_as_any_other() -> None:
    with MireloClient(KEY) as client, pytest.raises(InvalidRequestError, match="duration_ms=<int> is above"):
        client.text_to_sfx("rain", duration_ms=HUGE)
    with PixazoClient(KEY) as gateway:
        request = gateway.text_to_audio("rain", seed=HUGE)
        with pytest.raises(InvalidRequestError, match=r"cannot be written.*nothing was sent"):
            request.submit_job()


@pytest.mark.parametrize("colour", ["refused", "failed"])
def test_a_signed_url_in_the_services_words_is_not_told(colour: str) -> None:
    """A service quotes the URL that it could not fetch: its query is as secret as the caller's key."""
    words = "GET https://clips.example/a.mp4?X-Amz-Signature=geheim answered 403"
    error = {"error": {"code": "video_url_unreachable", "message": words, "http_status": 400}}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"job_id": "j", "status": "errored", **error})
        return httpx.Response(400, json=error) if colour == "refused" else httpx.Response(202, json={"job_id": "j"})

    with MireloClient("sk-x", transport=httpx.MockTransport(answer)) as client:
        request = client.video_to_sfx("https://clips.example/a.mp4", duration_ms=2000)
        with pytest.raises(MireloError, match=r"GET https://clips\.example/a\.mp4\?… answered 403") as caught:
            request.submit_job().wait(poll_interval_ms=1)
    assert "geheim" not in "".join(traceback.format_exception(caught.value))
