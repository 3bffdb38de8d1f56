"""What a command writes with --json is the library's own object, and beside it what docs/cli.md says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from mirelo_ergo import InferenceClient, MireloClient, MireloError, PixazoClient, SyncSoClient, list_models
from mirelo_ergo.batch import Batch, Event, Mistakes, Plan, read_manifest
from mirelo_ergo.cli.app import root
from mirelo_ergo.cli.groups import commands_of
from mirelo_ergo.emulator.faults import Status, StuckJob
from mirelo_ergo.sync_so import Audio, Video
from tests.cli.support import CLIP, ROOT, answering
from tests.emulator.sounds import wav_bytes
from tests.emulator.support import tone
from tests.emulator.sync_so import batch_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mirelo_ergo.emulator import Emulator
    from tests.cli.conftest import Cli

PAGE = (ROOT / "docs" / "cli.md").read_text()
QUICK = ("--duration", "1s")
SHEET = {"id": "a", "operation": "text_to_sfx", "prompt": "rain", "duration_ms": 1000}
SERVICES: dict[str, tuple[str, Any]] = {
    "mirelo": ("MIRELO", MireloClient),
    "pixazo": ("PIXAZO", PixazoClient),
    "sync_so": ("SYNC", SyncSoClient),
    "inference_sh": ("INFERENCE", InferenceClient),
}


@attrs.frozen
class Place:
    """The command line, the library's clients of the same accounts, and a clip that a service can fetch."""

    cli: Cli
    emu: Emulator
    clients: Mapping[str, Any]
    url: str

    def __call__(self, *arguments: str) -> dict[str, Any]:
        """Run a command and return its object."""
        ran = self.cli(*arguments, "--json")
        assert ran.code == 0, ran.out + ran.err
        return ran.object

    def pair(self) -> tuple[Video, Audio]:
        """Upload what a lip-sync is made of."""
        video, audio = (self("sync-so", "assets", "upload", name)["id"] for name in ("clip.mp4", "song.wav"))
        return Video(asset_id=video), Audio(asset_id=audio)

    def write_lines(self) -> Path:
        """Write the file of a batch of sync.so."""
        video, audio = self.pair()
        given = [{"type": "video", "assetId": video.asset_id}, {"type": "audio", "assetId": audio.asset_id}]
        file = Path("lines.jsonl")
        file.write_bytes(batch_file({"model": "lipsync-2", "input": given}))
        return file


@pytest.fixture
def place(bare: Cli, emu: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    emu.reset()
    for service, (begins, _) in SERVICES.items():
        monkeypatch.setenv(f"{begins}_API_KEY", emu.keys[service])
        monkeypatch.setenv(f"{begins}_BASE_URL", emu.urls[service])
    (tmp_path / "clip.mp4").write_bytes(CLIP.read_bytes())
    (tmp_path / "song.wav").write_bytes(wav_bytes(tone(440, 4000)))
    (tmp_path / "sfx.jsonl").write_text(json.dumps(SHEET) + "\n")
    with ExitStack() as stack:
        clients = {name: stack.enter_context(cls()) for name, (_, cls) in SERVICES.items()}
        url = stack.enter_context(answering(lambda *_: (200, CLIP.read_bytes())))
        yield Place(bare, emu, clients, f"{url}/clip.mp4")
    emu.reset()


def plain(value: Any) -> Any:
    """Return an object without what differs from one look to the next: signatures and ends of URLs, requests' ids."""
    if isinstance(value, dict):
        passing = ("expires_at", "url_expires_at", "request_id")
        return {name: plain(inner) for name, inner in value.items() if name not in passing}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return re.sub(r"\?.*", "", value) if isinstance(value, str) else value


Compared = tuple[dict[str, Any], Mapping[str, Any], set[str]]
"""What the command wrote, what the library gives for the same, and which keys stand beside that."""
Row = Callable[[Place], Compared]


def waited(job: Any) -> Mapping[str, Any]:
    """Wait as the command line does, which shows how far the job is."""
    done: Mapping[str, Any] = job.wait(on_progress=lambda _: None).to_dict()
    return done


def made(service: str, *arguments: str, beside: str = "credits") -> Row:
    """Make a result, and ask the library for the same job."""

    def run(place: Place) -> Compared:
        found = place(*(place.url if word == "URL" else word for word in arguments))
        job = place.clients[service].job(found["job_token"])
        return found, waited(job), {beside, "saved"}

    return run


def planned(request: Callable[[Place], Any], *arguments: str, beside: tuple[str, ...] = ()) -> Row:
    """Plan something, and ask the library for the same request."""

    def run(place: Place) -> Compared:
        found, asked = place(*arguments, "--dry-run"), request(place)
        price = asked.preflight().to_dict() if hasattr(asked, "preflight") else {}
        return found, {**asked.describe(), **price}, {"dry_run", *beside}

    return run


def of_a_job(command: str, look: Callable[[Any], Any], *beside: str, stuck: bool = False) -> Row:
    """Do something about a job that there is."""

    def run(place: Place) -> Compared:
        service = "inference_sh" if command.startswith("inference") else "mirelo"
        client = place.clients[service]
        if stuck:
            place.emu.fail_next("submit", StuckJob())
        request = client.mmaudio("rain", duration=1) if service == "inference_sh" else client.text_to_sfx("rain")
        job = request.submit_job()
        if not stuck:
            job.wait()
        return place(*command.split(), job.token), look(client.job(job.token)).to_dict(), set(beside)

    return run


def resubmitted(place: Place) -> Compared:
    place.emu.fail_next("submit", Status(500, when="after", retry_after=3600), times=1)
    assert place.cli("text", "rain", *QUICK, "--model", "2.0").code == 8
    found = place("job", "resubmit", "--last")
    return found, waited(place.clients["mirelo"].job(found["job_token"])), {"saved"}


def of_sync_so(command: str, ask: Callable[[Any, str], Mapping[str, Any]], *beside: str) -> Row:
    """Ask about what there is; ID stands for a finished generation."""

    def run(place: Place) -> Compared:
        video, audio = place.pair()
        job_id = place("sync-so", "lipsync", f"asset:{video.asset_id}", f"asset:{audio.asset_id}")["job_id"]
        found = place("sync-so", *(job_id if word == "ID" else word for word in command.split()))
        return found, ask(place.clients["sync_so"], job_id), set(beside)

    return run


def of_a_batch(command: str, ask: Callable[[Any, str], Mapping[str, Any]]) -> Row:
    """Ask about a batch of sync.so that has ended."""

    def run(place: Place) -> Compared:
        place.write_lines()
        client = place.clients["sync_so"]
        name = place("sync-so", "batch", "create", "lines.jsonl")["id"]
        while client.batch.get(name).status != "COMPLETED":
            place.emu.clock.advance(3600)
        return place("sync-so", "batch", command, name), ask(client, name), set()

    return run


def listed(name: str, found: Any) -> Mapping[str, Any]:
    return {name: [each.to_dict() for each in found]}


def journal(place: Place) -> Compared:
    token = place("text", "rain", *QUICK)["job_token"]
    found = place("jobs")
    assert [each["token"] for each in found["jobs"]] == [token]
    return found, {}, {"jobs", "more"}


def lipsync_plan(place: Place) -> Compared:
    video, audio = place.pair()
    found = place("sync-so", "lipsync", f"asset:{video.asset_id}", f"asset:{audio.asset_id}", "--dry-run")
    request = place.clients["sync_so"].lipsync(video, audio)
    assert found["input"] == [
        {"type": "video", "assetId": video.asset_id},
        {"type": "audio", "assetId": audio.asset_id},
    ]
    return found, {**request.describe(), **request.preflight().to_dict()}, {"dry_run"}


def estimate(place: Place) -> Compared:
    video, audio = place.pair()
    found = place("sync-so", "estimate", f"asset:{video.asset_id}", f"asset:{audio.asset_id}")
    return found, place.clients["sync_so"].lipsync(video, audio).preflight().to_dict(), set()


def uploaded(place: Place) -> Compared:
    found = place("sync-so", "assets", "upload", "clip.mp4")
    return found, place.clients["sync_so"].assets.get(found["id"]).to_dict(), set()


def created(dry_run: bool) -> Row:
    def run(place: Place) -> Compared:
        lines = place.write_lines()
        found = place("sync-so", "batch", "create", lines.name, *(["--dry-run"] if dry_run else []))
        again = place.clients["sync_so"].batch.create(input=lines, dry_run=dry_run or None)
        own = {"dry_run"} if dry_run else {"id", "created_at"}
        return found, {name: value for name, value in again.to_dict().items() if name not in own}, own

    return run


def deleted(*group: str) -> Row:
    def run(place: Place) -> Compared:
        stored = place(*group, "upload", "song.wav")
        name = stored["id"] if "id" in stored else stored["files"][0]["id"]
        found = place(*group, "delete", name)
        assert found["deleted"] == [name]
        return found, {}, {"deleted"}

    return run


def stored_file(place: Place) -> Compared:
    found = place("inference-sh", "files", "upload", "song.wav")
    (one,) = found["files"]
    return found, listed("files", [place.clients["inference_sh"].files.get(one["id"])]), set()


def stored_files(place: Place) -> Compared:
    place("inference-sh", "files", "upload", "song.wav")
    return place("inference-sh", "files", "list"), listed("files", place.clients["inference_sh"].files.list()), set()


def batch_run(place: Place) -> Compared:
    ran = place.cli("batch", "run", "sfx.jsonl", "-o", "out", "--json")
    *steps, last = [json.loads(line) for line in ran.out.splitlines()]
    told: list[Event] = []
    with Batch.open("library.db") as batch:
        batch.add(read_manifest("sfx.jsonl"))
        summary = batch.run(place.clients["mirelo"], on_event=told.append)
    for step in (*steps, *(wanted := [event.to_dict() for event in told])):
        step.pop("token", None)  # each run has a job of its own
    assert steps == wanted
    return last, summary.to_dict(), {"event"}


def batch_plan(place: Place) -> Compared:
    found = place("batch", "run", "sfx.jsonl", "--dry-run")
    mistakes = Mistakes("sfx.jsonl")
    with Plan(read_manifest("sfx.jsonl", mistakes), place.clients.__getitem__, mistakes) as plan:
        plan.ask()
        money = {"items", "totals", "to_pay", "account_credits"}
        return found, listed("prices", plan.quotes), money | {"not_in_manifest", "reused", "other_files"}


def batch_status(place: Place) -> Compared:
    place.cli("batch", "run", "sfx.jsonl", "-o", "out")
    with Batch.open("out/batch.db") as batch:
        return place("batch", "status", "out"), batch.summary().to_dict(), {"unknown"}


def batch_report(place: Place) -> Compared:
    place.cli("batch", "run", "sfx.jsonl", "-o", "out")
    return place("batch", "report", "out", "-o", "all.html"), {}, {"file"}


UNPRICED = ("credits", "estimated_ms")
ROWS: dict[str, Row] = {
    "text": made("mirelo", "text", "rain", *QUICK),
    "video": made("mirelo", "video", "clip.mp4", *QUICK, "--output", "video"),
    "extend": made("mirelo", "extend", "song.wav", "--by", "1s"),
    "inpaint": made("mirelo", "inpaint", "song.wav", "--from", "1s", "--to", "2s"),
    "music": made("mirelo", "music", "waltz", *QUICK),
    "midi": made("mirelo", "midi", "song.wav"),
    "pixazo text": made("pixazo", "pixazo", "text", "rain", *QUICK),
    "pixazo video": made("pixazo", "pixazo", "video", "URL", *QUICK),
    "inference-sh run": made("inference_sh", "inference-sh", "run", "emulator/choir", "--input", 'lines:=["a"]'),
    "inference-sh mmaudio": made("inference_sh", "inference-sh", "mmaudio", "rain", *QUICK),
    "sync-so lipsync": made("sync_so", "sync-so", "lipsync", "clip.mp4", "song.wav", beside="cost_usd"),
    "text --dry-run": planned(
        lambda place: place.clients["mirelo"].text_to_sfx("rain", duration_ms=1000), "text", "rain", *QUICK
    ),
    "pixazo text --dry-run": planned(
        lambda place: place.clients["pixazo"].text_to_audio("rain", duration=1),
        *("pixazo", "text", "rain", *QUICK),
        beside=UNPRICED,
    ),
    "inference-sh mmaudio --dry-run": planned(
        lambda place: place.clients["inference_sh"].mmaudio("rain", duration=1),
        *("inference-sh", "mmaudio", "rain", *QUICK),
        beside=(*UNPRICED, "input_fields", "estimate"),
    ),
    "sync-so lipsync --dry-run": lipsync_plan,
    "job status": of_a_job("job status", lambda job: job.status(), "job_token", "job_id"),
    "job wait": of_a_job("job wait", lambda job: job.wait()),
    "job download": of_a_job("job download", lambda job: job.wait(), "saved"),
    "job resubmit": resubmitted,
    "inference-sh task status": of_a_job("inference-sh task status", lambda job: job.status(), "job_token", "job_id"),
    "inference-sh task wait": of_a_job("inference-sh task wait", lambda job: job.wait()),
    "inference-sh task download": of_a_job("inference-sh task download", lambda job: job.wait(), "saved"),
    "inference-sh task cancel": of_a_job(
        "inference-sh task cancel", lambda job: job.cancel(), "job_token", "job_id", stuck=True
    ),
    "jobs": journal,
    "models": lambda place: (place("models"), listed("models", list_models()), set()),
    "me": lambda place: (place("me"), place.clients["mirelo"].me().to_dict(), set()),
    "sync-so estimate": estimate,
    "sync-so models": of_sync_so("models", lambda client, _: listed("models", client.models.list())),
    "sync-so assets list": of_sync_so(
        "assets list", lambda client, _: listed("assets", client.assets.list(sort_by="dateDesc")), "total"
    ),
    "sync-so assets upload": uploaded,
    "sync-so assets delete": deleted("sync-so", "assets"),
    "sync-so generations list": of_sync_so(
        "generations list", lambda client, _: listed("generations", client.generations.list())
    ),
    "sync-so generations get": of_sync_so(
        "generations get ID", lambda client, job: client.generations.get(job, include="progress").to_dict()
    ),
    "sync-so generations download": of_sync_so(
        "generations download ID", lambda client, job: waited(client.job(job)), "saved"
    ),
    "sync-so batch create": created(dry_run=False),
    "sync-so batch create --dry-run": created(dry_run=True),
    "sync-so batch status": of_a_batch("status", lambda client, name: client.batch.get(name).to_dict()),
    "sync-so batch results": of_a_batch("results", lambda client, name: {"results": list(client.batch.results(name))}),
    "inference-sh files upload": stored_file,
    "inference-sh files list": stored_files,
    "inference-sh files delete": deleted("inference-sh", "files"),
    "batch run": batch_run,
    "batch run --dry-run": batch_plan,
    "batch status": batch_status,
    "batch report": batch_report,
}
ELSEWHERE = {"batch worker", "batch resolve", "serve"}
"""Two that need what other tests set up (test_batch_workers.py, test_batch.py), and one without --json."""


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_it_is_the_librarys_object(row: Row, place: Place) -> None:
    found, library, beside = row(place)
    assert beside <= set(found)
    assert plain({name: value for name, value in found.items() if name not in beside}) == plain(dict(library))


TOKEN = "mirelo2:text-to-sfx:v1.5:gone:1:1:1"
ERRORS: dict[str, tuple[tuple[str, ...], Callable[[Any], Any]]] = {
    "refused here": (("text", "rain", "-n", "5"), lambda client: client.text_to_sfx("rain", num_samples=5)),
    "the service's": (("job", "status", TOKEN), lambda client: client.job(TOKEN).status()),
}


@pytest.mark.parametrize(("command", "call"), ERRORS.values(), ids=ERRORS)
def test_an_error_is_the_librarys_in_the_command_lines_words(
    command: tuple[str, ...], call: Callable[[Any], Any], place: Place
) -> None:
    found = place.cli(*command, "--json").error
    with pytest.raises(MireloError) as caught:
        call(place.clients["mirelo"])
    beside = {"exit_code", "resume", "saved", "message"}
    library = caught.value.to_dict()
    del library["message"]
    assert plain({name: value for name, value in found.items() if name not in beside}) == plain(library)


def test_the_page_has_every_command() -> None:
    commands = {path for path, _ in commands_of(root)}
    assert {name.removesuffix(" --dry-run") for name in ROWS} | ELSEWHERE == commands
    table = PAGE[PAGE.index("| command | the library's object |") : PAGE.index("## Completion")]
    told = {name for line in table.splitlines() for name in re.findall(r"`([^`]+)`", line.split(" | ")[0])}
    assert told >= commands - {"serve"}
