"""Wrong uses of the public API. Each line is one, and has to be an error of this kind: mypy says so of one that is not.

mypy reports an ignore that nothing needs, so `make types` checks this file; nothing imports it.
"""

from pathlib import Path

from mirelo_ergo import (
    AsyncMireloClient,
    Audio,
    Job,
    JobStatus,
    MireloClient,
    PixazoClient,
    Video,
    Webhook,
    WebhookInbox,
    parse_webhook,
)

client = MireloClient()
MireloClient(7)  # type: ignore[arg-type]
MireloClient("sk-key", "https://api.example.com")  # type: ignore[call-arg]
MireloClient(timeout_ms="5000")  # type: ignore[arg-type]
MireloClient(api_keys="sk-key")  # type: ignore[call-arg]
client.text_to_sfx()  # type: ignore[call-arg]
client.text_to_sfx(b"rain")  # type: ignore[arg-type]
client.text_to_sfx("rain", 5000)  # type: ignore[call-arg]
client.text_to_sfx("rain", duration_ms="5000")  # type: ignore[arg-type]
client.text_to_sfx("rain", duration_ms=None)  # type: ignore[arg-type]
client.video_to_sfx("clip.mp4")  # type: ignore[call-arg]
client.video_to_sfx(7, duration_ms=5000)  # type: ignore[arg-type]
client.video_to_sfx(Path("clip.mp4").open(), duration_ms=5000)  # type: ignore[arg-type]
Video.from_bytes("clip.mp4")  # type: ignore[arg-type]
Video.from_file(Path("clip.mp4").open())  # type: ignore[arg-type]
Video.from_path("clip.mp4", on_progress=lambda sent: None)  # type: ignore[arg-type, misc]
client.text_to_sfx("rain").submit_job().wait(on_progress=lambda done, total: None)  # type: ignore[arg-type, misc]
client.text_to_sfx("rain", loop="yes")  # type: ignore[arg-type]
client.text_to_sfx("rain", model=1.6)  # type: ignore[arg-type]
client.video_to_sfx(Audio.from_url("https://a.example/a.wav"), duration_ms=5000)  # type: ignore[arg-type]
client.extend_audio("rain.wav")  # type: ignore[call-arg]
client.extend_audio(Video.from_path("clip.mp4"), append_duration_ms=5000)  # type: ignore[arg-type]
client.inpaint_audio("rain.wav", segment=1000)  # type: ignore[arg-type]
client.inpaint_audio("rain.wav", segment=(1000, 2000, 3000))  # type: ignore[arg-type]
client.inpaint_audio("rain.wav", segment=(1000, 2000), loop=True)  # type: ignore[call-arg]
client.models()[0].model = "v1.7"  # type: ignore[misc]
client.audio_to_midi("a.wav", instruments=["kazoo"])  # type: ignore[list-item]
client.audio_to_midi("a.wav", timing="sloppy")  # type: ignore[arg-type]
client.audio_to_midi("a.wav", time_signature="3/4")  # type: ignore[arg-type]
client.audio_to_midi("a.wav").run().notes[0].pitch = 60  # type: ignore[misc]
client.text_to_music("a waltz")  # type: ignore[call-arg]
client.text_to_sfx("rain", output_format=320)  # type: ignore[arg-type]
client.resubmit(7)  # type: ignore[arg-type]
client.job(7)  # type: ignore[arg-type]
client.jobs  # type: ignore[attr-defined]
AsyncMireloClient().me().credits_available  # type: ignore[attr-defined]
AsyncMireloClient().text_to_sfx("rain").submit_job().token  # type: ignore[attr-defined]
client.me().credits_available = 5  # type: ignore[misc]
PixazoClient(max_credits=5)  # type: ignore[call-arg]
PixazoClient().text_to_audio("rain", duration="10")  # type: ignore[arg-type]
PixazoClient().video_to_video(Video.from_path("clip.mp4"))  # type: ignore[arg-type]
PixazoClient().text_to_audio("rain").preflight()  # type: ignore[attr-defined]
Webhook("https://sfx.example.com/", mode="all")  # type: ignore[arg-type]
Webhook("https://sfx.example.com/").url = "https://other.example.com/"  # type: ignore[misc]
parse_webhook({}, "text")  # type: ignore[arg-type]
client.job("token").wait(webhooks="inbox")  # type: ignore[arg-type]
client.job("token").wait().files[0].kind = "audio"  # type: ignore[misc]
client.job("token").wait().result_urls = []  # type: ignore[misc]
WebhookInbox().receive({"request_id": "a"})  # type: ignore[arg-type]


def results(status: JobStatus, job: Job) -> list[str]:
    if status.status == "done":  # type: ignore[comparison-overlap]
        return []  # type: ignore[unreachable]
    if status.status == "processing":
        return status.result_urls  # type: ignore[attr-defined, no-any-return]
    job.job_id = "another"  # type: ignore[misc]
    return status.result_urls  # type: ignore[union-attr]
