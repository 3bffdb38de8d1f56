"""`mirelo-ergo pixazo …`: what the gateway is sent, what it cannot do, and its jobs by their tokens."""

from __future__ import annotations

import io
import json
import wave
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from mirelo_ergo import capabilities
from mirelo_ergo._runtime.jobs.schedule import Schedule
from mirelo_ergo.cli.services import SERVICES
from tests.cli.support import CLIP, Seen, answering
from tests.support.gateway import CREATED, REQUEST_ID

if TYPE_CHECKING:
    from tests.cli.conftest import Cli
    from tests.cli.support import Answer, Ran

KEY = "sk-gateway-31aa"
CLIP_URL = "https://clips.example.com/walk.mp4"
TOKEN = f"pixazo2:text-to-audio:v1.6:{REQUEST_ID}:1772366400::"


def _sound() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((2, 2, 8000, 0, "NONE", ""))
        out.writeframes(bytes(8000))
    return file.getvalue()


SOUND = _sound()


@attrs.define
class Gateway:
    """A gateway that takes every request and has it done at once, or as `outcome` says; and what it was asked."""

    cli: Cli
    monkeypatch: pytest.MonkeyPatch
    outcome: dict[str, Any] = attrs.field(factory=lambda: {"status": "COMPLETED"})
    submitted: Answer = (
        202,
        {"request_id": REQUEST_ID, "status": "QUEUED", "polling_url": "https://elsewhere.example/"},
    )
    seen: list[Seen] = attrs.field(factory=list)

    def __call__(self, *arguments: str) -> Ran:
        def respond(method: str, path: str) -> Answer:
            if path.endswith("-request"):
                return self.submitted
            if path == f"/v2/requests/status/{REQUEST_ID}":
                output = {"media_url": [f"{url}/1.wav"] * 2, "media_type": "audio/wav"}
                return 200, {"request_id": REQUEST_ID, "created_at": CREATED, "output": output, **self.outcome}
            return 200, SOUND

        with answering(respond, self.seen) as url:
            self.monkeypatch.setenv("PIXAZO_API_KEY", KEY)
            self.monkeypatch.setenv("PIXAZO_BASE_URL", url)
            ran = self.cli(*arguments)
        assert KEY not in ran.out + ran.err
        return ran

    def posted(self) -> tuple[str, dict[str, Any]]:
        """Return the model and body of the one submit."""
        (submit,) = [request for request in self.seen if request.method == "POST"]
        return submit.path.split("/")[1], json.loads(submit.body)


@pytest.fixture
def gateway(bare: Cli, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    monkeypatch.delenv("MIRELO_API_KEY", raising=False)
    monkeypatch.setattr(Schedule, "next_gap", lambda *_: 0.01)  # its own pace is a poll every 5 to 10 s
    return Gateway(bare, monkeypatch)


SOUNDS = {"duration": 10, "num_samples": 2, "seed": -1}


@pytest.mark.parametrize(
    ("arguments", "model", "body"),
    [
        (
            ("text", "rain", "-n", "2"),
            "mirelo-sfx-1-6-text-to-audio",
            {**SOUNDS, "text_prompt": "rain", "ambience": False, "double_output": False, "upload_audio_format": "wav"},
        ),
        (
            ("text", "rain", "-n", "2", "--duration", "1500ms", "--loop"),
            "mirelo-sfx-1-6-text-to-audio",
            {**SOUNDS, "text_prompt": "rain", "duration": 1.5, "ambience": True}
            | {"double_output": False, "upload_audio_format": "wav"},
        ),
        (
            ("video", CLIP_URL, "-n", "2"),
            "mirelo-sfx-video-to-audio",
            {**SOUNDS, "video_url": CLIP_URL, "text_prompt": "", "seed": 2105},
        ),
        (
            ("video", CLIP_URL, "-n", "2", "--output", "video", "--prompt", "steps", "--duration", "0:12"),
            "mirelo-sfx-1-6-video-to-video",
            {**SOUNDS, "video_url": CLIP_URL, "text_prompt": "steps", "duration": 12},
        ),
    ],
)
def test_a_job_goes_through_the_gateway(
    gateway: Gateway, arguments: tuple[str, ...], model: str, body: dict[str, Any]
) -> None:
    ran = gateway("pixazo", *arguments)
    assert ran.code == 0, ran.err
    assert [path.name for path in ran.paths] == [f"{REQUEST_ID}-1.wav", f"{REQUEST_ID}-2.wav"]
    assert gateway.posted() == (model, body)
    assert "cost: this service does not tell it" in ran.err
    assert "job token: pixazo2:" in ran.err


def test_the_json_has_no_credits(gateway: Gateway) -> None:
    ran = gateway("pixazo", "text", "rain", "-n", "2", "--json")
    assert ran.object["credits"] is None
    assert ran.object["job_id"] == REQUEST_ID
    assert ran.object["job_token"].startswith("pixazo2:text-to-audio:v1.6:")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("extend", "a.wav", "--by", "2s"), "mirelo-ergo pixazo has no command 'extend'; mirelo-ergo extend is"),
        (("me",), "mirelo-ergo pixazo has no command 'me'; mirelo-ergo me is"),
        (("text", "rain", "--max-credits", "5"), "--max-credits cannot be checked: this service tells no cost"),
        (("text", "rain", "--model", "v1.6"), "mirelo-ergo pixazo text has no option --model; text, video, "),
        (("video", CLIP_URL, "--start", "1s"), "mirelo-ergo pixazo video has no option --start; video, extend have"),
        (("video", str(CLIP)), "the gateway takes no files: give a public URL of the clip; mirelo-ergo video takes"),
        (("video", CLIP_URL, "--output", "both"), "'both' is not one of 'audio', 'video'"),
        (("text", "sea"), "the prompt 'sea' has 3 characters, fewer than 4"),
        (
            ("text", "rain", "--duration", "70s"),
            "--duration 70 s is above the maximum of 60 s (allowed: 0.1 s to",
        ),
    ],
)
def test_what_the_gateway_cannot_do_is_refused_and_says_who_can(
    gateway: Gateway, arguments: tuple[str, ...], message: str
) -> None:
    ran = gateway("pixazo", *arguments)
    assert ran.code == 2
    assert message in ran.err
    assert gateway.seen == []


def test_a_missing_key_is_said(bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRELO_API_KEY", "sk-of-another-service")
    ran = bare("pixazo", "text", "rain", "--json")
    assert (ran.code, ran.error["code"]) == (3, "missing_key")
    assert "set PIXAZO_API_KEY" in ran.error["message"]


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ({"status": "PROCESSING", "output": None}, "PROCESSING"),
        ({"status": "COMPLETED"}, "succeeded, 2 results"),
        ({"status": "FAILED", "error": "no frames"}, "errored: no frames (FAILED)"),
        ({"status": "ERROR", "error": "it broke"}, "errored: it broke (ERROR); it was not charged"),
    ],
)
def test_a_token_says_whose_job_it_is(gateway: Gateway, outcome: dict[str, Any], said: str) -> None:
    gateway.outcome = outcome
    ran = gateway("job", "status", TOKEN)
    assert (ran.code, ran.out) == (0, f"{said}\n")
    assert [request.path for request in gateway.seen] == [f"/v2/requests/status/{REQUEST_ID}"]
    assert gateway("job", "status", TOKEN, "--json").object["job_token"] == TOKEN


def test_a_job_is_waited_for_and_saved_by_its_token(gateway: Gateway) -> None:
    assert gateway("job", "wait", TOKEN).out == "succeeded, 2 results\n"
    assert len(gateway("job", "download", TOKEN).paths) == 2
    gateway.outcome = {"status": "FAILED", "error": "no frames"}
    ran = gateway("job", "wait", TOKEN)
    assert ran.code == 6
    assert "no frames (FAILED); the service does not say whether it was charged" in ran.err


def test_an_empty_balance_is_out_of_credits(gateway: Gateway) -> None:
    gateway.submitted = (402, {"error": "Insufficient Balance", "message": "top it up"})
    ran = gateway("pixazo", "text", "rain", "--json")
    assert (ran.code, ran.error["code"]) == (4, "Insufficient Balance")


def test_every_service_can_be_chosen() -> None:
    assert SERVICES.keys() <= capabilities().keys()
