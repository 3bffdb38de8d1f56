"""The options, each written once: what it is called, what it takes, what it is for."""

# Annotations are values here: typer reads them. So this module does without `from __future__ import annotations`.

from pathlib import Path
from typing import Annotated

import typer

from .service import service_name
from .times import milliseconds, waiting_time

Prompt = Annotated[str, typer.Argument(metavar="PROMPT", help="What is to be heard.", show_default=False)]
AnyPrompt = Annotated[str, typer.Argument(metavar="[PROMPT]", help="Does not change the price.", show_default=False)]
ClipOrUrl = Annotated[
    str, typer.Argument(metavar="CLIP_OR_URL", help="A file, or a URL that the service fetches.", show_default=False)
]
AnyClip = Annotated[
    str | None, typer.Argument(metavar="[CLIP_OR_URL]", help="A file's length counts, without --duration.")
]
SoundOrUrl = Annotated[
    str, typer.Argument(metavar="AUDIO_OR_URL", help="A file, or a URL that the service fetches.", show_default=False)
]
AnySound = Annotated[
    str, typer.Argument(metavar="[AUDIO_OR_URL]", help="Does not change the price.", show_default=False)
]
Token = Annotated[str, typer.Argument(metavar="TOKEN", help="The job's token, mirelo2:…", show_default=False)]

Out = Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the results go; made if need be.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files of the same name.")]
TextDuration = Annotated[
    int | None,
    typer.Option(
        "--duration", metavar="TIME", parser=milliseconds, help="Length: 5s, 5000ms, 1.5s or 0:05.", show_default=False
    ),
]
ClipDuration = Annotated[
    int | None,
    typer.Option(
        "--duration",
        metavar="TIME",
        parser=milliseconds,
        help="Length: 5s, 5000ms, 1.5s or 0:05; else all of the clip, up to the model's limit.",
        show_default=False,
    ),
]
Start = Annotated[
    int | None,
    typer.Option(
        "--start",
        metavar="TIME",
        parser=milliseconds,
        help="Where in the clip to begin, else at 0s.",
        show_default=False,
    ),
]
AppendDuration = Annotated[
    int, typer.Option("--by", metavar="TIME", parser=milliseconds, help="How much to append.", show_default=False)
]
SegmentStart = Annotated[
    int,
    typer.Option("--from", metavar="TIME", parser=milliseconds, help="Where the new part begins.", show_default=False),
]
SegmentEnd = Annotated[
    int, typer.Option("--to", metavar="TIME", parser=milliseconds, help="Where the new part ends.", show_default=False)
]
Picture = Annotated[
    str | None,
    typer.Option("--video", metavar="CLIP_OR_URL", help="A clip that the sound fits.", show_default=False),
]
Words = Annotated[
    str | None, typer.Option("--prompt", metavar="PROMPT", help="What is to be heard.", show_default=False)
]
Loop = Annotated[bool, typer.Option("--loop", help="Let the end run into the beginning.")]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="MODEL", help="Which one, such as v1.6; see: models.", show_default=False),
]
Samples = Annotated[int, typer.Option("--samples", "-n", metavar="N", help="How many takes; each is paid.")]
As = Annotated[str, typer.Option("--output", metavar="audio|video", help="The sound, or the clip with it.")]
MaxCredits = Annotated[
    int | None,
    typer.Option("--max-credits", metavar="N", help="Submit nothing that costs more.", show_default=False),
]
WaitTime = Annotated[
    int | None,
    typer.Option(
        "--timeout",
        metavar="TIME",
        parser=waiting_time,
        help="How long to wait for the job; else five times its estimate, at least 10:00.",
        show_default=False,
    ),
]
AskTime = Annotated[
    int | None,
    typer.Option(
        "--timeout", metavar="TIME", parser=waiting_time, help="How long to try, else 10:00.", show_default=False
    ),
]
Emulate = Annotated[bool, typer.Option("--emulator", help="Use an emulator that runs for this command; needs no key.")]
Via = Annotated[
    str,
    typer.Option(
        "--via",
        metavar="SERVICE",
        parser=service_name,
        help="Who makes it: mirelo, or pixazo (text, and video by URL; key: PIXAZO_API_KEY).",
    ),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        metavar="URL",
        help="Another address than MIRELO_BASE_URL's or PIXAZO_BASE_URL's.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Write exactly one JSON object to stdout, also for an error.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Write the result or the error, nothing else.")]

Port = Annotated[
    int, typer.Option("--port", metavar="N", min=0, max=65535, help="Where to listen; 0 takes a free one.")
]
Host = Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")]
Speed = Annotated[float, typer.Option("--speed", metavar="X", help="Divides how long jobs take.")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="The same one gives the same ids, times and sounds.")]
Scenario = Annotated[
    str | None,
    typer.Option(
        "--scenario",
        metavar="NAME",
        help="Faults from the start: flaky, hostile, out-of-credits, overloaded, slow, or a YAML file.",
    ),
]
PixazoPort = Annotated[
    int,
    typer.Option(
        "--pixazo-port", metavar="N", min=0, max=65535, help="Where the Pixazo gateway listens; 0 takes a free one."
    ),
]
CallbackHost = Annotated[
    list[str] | None,
    typer.Option(
        "--callback-host",
        metavar="HOST",
        help="Also send webhook callbacks there, and not to this machine only; may be repeated.",
        show_default=False,
    ),
]
ReadyFile = Annotated[
    Path | None,
    typer.Option(
        "--ready-file",
        metavar="FILE",
        help="Written once the ports answer: url, key, pid and services as JSON; removed at the end.",
        show_default=False,
    ),
]
