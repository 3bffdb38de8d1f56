"""What it costs to begin: imports, the first client, the first answer. Every run is a fresh process."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING, Final

from bench.children import LEAN, OURS, ROOT, VENDOR, Child, environment
from bench.figures import Figure, Group, median, ms, ratio

if TYPE_CHECKING:
    from pathlib import Path


COMMANDS: Final = {
    "idle": ["-c", "pass"],
    "--version": ["-m", "mirelo_ergo", "--version"],
    "models": ["-m", "mirelo_ergo", "models"],
}
"""What is started as a whole process."""


def _programs(url: str) -> dict[str, tuple[Path, str]]:
    return {
        "import ours": (OURS, "import mirelo_ergo"),
        "import httpx": (OURS, "import httpx"),
        "import our client": (OURS, "from mirelo_ergo import MireloClient"),
        "our client": (OURS, "from mirelo_ergo import MireloClient; MireloClient('sk-x')"),
        "httpx client": (OURS, "import httpx; httpx.Client()"),
        "vendor client": (VENDOR, "from mirelo import MireloClient; MireloClient('sk-x')"),
        "our answer": (OURS, f"from mirelo_ergo import MireloClient; MireloClient('sk-x', base_url='{url}').me()"),
        "httpx answer": (OURS, f"import httpx; httpx.Client().get('{url}/v2/me').json()"),
        "vendor answer": (VENDOR, f"from mirelo import MireloClient; MireloClient('sk-x', base_url='{url}').me()"),
    }


def measure(quick: bool) -> Group:
    """Time each program in turn in processes of its own, from inside: the interpreter's own start is left out."""
    rounds = 5 if quick else 21
    with Child("api") as api:
        programs = _programs(api.do("serve"))
        times: dict[str, list[float]] = {name: [] for name in (*programs, *COMMANDS)}
        for number in range(rounds + 1):
            for name, (python, code) in programs.items():
                took = _run(python, code)
                if number:  # the first round writes byte code and fills the disk cache
                    times[name].append(took)
            for name, arguments in COMMANDS.items():
                took = _wall(arguments)
                if number:
                    times[name].append(took)
    own = {name: median(values) for name, values in times.items()}
    ours, httpx = own["import ours"], own["import httpx"]
    client, httpx_client = own["our client"], own["httpx client"]
    return Group(
        "Starting",
        f"Wall time in fresh processes, {rounds} rounds, without the interpreter's own start; httpx without its "
        "command line, which loads click and rich where they are installed. `httpx.Client()` makes its TLS context "
        "at once and ours with the first request that needs one, so the time to the first answer, over loopback "
        "http, is there too.",
        [
            Figure(
                "`import mirelo_ergo`",
                ms(ours),
                f"{ms(httpx)} (`import httpx`)",
                ratio(ours, httpx),
                "≤ 15 ms and ≤ 0.35",
                ours <= 0.015 and ours / httpx <= 0.35,
            ),
            Figure(
                "`from mirelo_ergo import MireloClient`",
                ms(own["import our client"]),
                f"{ms(httpx)} (`import httpx`)",
                ratio(own["import our client"], httpx),
            ),
            Figure(
                "first client ready, imports included",
                ms(client),
                f"{ms(httpx_client)} (`httpx.Client()`)",
                ratio(client, httpx_client),
                "≤ 1.00",
                client / httpx_client <= 1.00,
            ),
            _beside_vendor(own, "client"),
            Figure(
                "first answer, imports included",
                ms(own["our answer"]),
                f"{ms(own['httpx answer'])} (`httpx.Client().get(url).json()`)",
                _ratio(own, "answer", "httpx"),
                "≤ 0.90",
                own["our answer"] / own["httpx answer"] <= 0.90,
            ),
            _beside_vendor(own, "answer"),
            _beside_idle(own, "--version", 4.0),
            _beside_idle(own, "models", 8.0),
        ],
    )


def _beside_vendor(own: dict[str, float], key: str) -> Figure:
    return Figure(
        "the same, beside the vendor",
        ms(own[f"our {key}"]),
        f"{ms(own[f'vendor {key}'])} (the vendor's SDK)",
        _ratio(own, key, "vendor"),
    )


def _beside_idle(own: dict[str, float], command: str, most: float) -> Figure:
    took, idle = own[command], own["idle"]
    return Figure(
        f"`mirelo-ergo {command}`, wall time of the process",
        ms(took),
        f"{ms(idle)} (an idle interpreter)",
        ratio(took, idle),
        f"≤ {most:.2f}",
        took / idle <= most,
    )


def _ratio(own: dict[str, float], key: str, side: str) -> str:
    return ratio(own[f"our {key}"], own[f"{side} {key}"])


def _run(python: Path, code: str) -> float:
    timed = f"{LEAN}import time; began = time.perf_counter(); {code}; print(time.perf_counter() - began)"
    done = subprocess.run([python, "-c", timed], check=True, cwd=ROOT, env=environment(), capture_output=True)
    return float(done.stdout)


def _wall(arguments: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run([OURS, *arguments], check=True, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL)
    return time.perf_counter() - began
