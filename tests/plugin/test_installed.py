"""The plugin in sessions of its own: found by installing, cheap where it is not used, apart in each worker of xdist."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

from mirelo_ergo import pytest_plugin

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("httpx", "httpcore", "attrs", "starlette", "uvicorn", "numpy", "av", "jsonschema", "yaml", "mirelo_ergo_api")


def session(folder: Path, *arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder, with the plugin and those named, and no other that happens to be installed."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MIRELO_", "PYTEST_"))}
    code = f"import sys\n{before}\nimport pytest\nend = pytest.main(sys.argv[1:])\n"
    code += "print('loaded:', *sorted(sys.modules)); sys.exit(end)"
    fixed = ["-p", "mirelo_ergo.pytest_plugin", "-p", "no:cacheprovider", "-W", "error", "-q", "--rootdir", str(folder)]
    return subprocess.run(
        [sys.executable, "-c", code, *fixed, *arguments, str(folder)],
        cwd=folder,
        env={**plain, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def test_installing_is_enough() -> None:
    (entry,) = [
        entry
        for entry in importlib.metadata.entry_points(group="pytest11")
        if entry.value == pytest_plugin.__name__ and entry.dist is not None and entry.dist.name == "mirelo-ergo"
    ]
    assert entry.load() is pytest_plugin


def test_it_costs_nothing_where_no_fixture_is_used(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text("def test_other(): pass\n")
    done = session(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    loaded = done.stdout.rpartition("loaded:")[2].split()
    assert "mirelo_ergo.pytest_plugin" in loaded
    assert [name for name in loaded if name.startswith(HEAVY)] == []
    ours = ["mirelo_ergo", "mirelo_ergo._version", "mirelo_ergo.pytest_plugin"]
    assert [name for name in loaded if name.startswith("mirelo_ergo")] == ours


def test_without_the_extra_the_fixture_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(mirelo_client): pass\n")
    done = session(tmp_path, before="sys.modules['uvicorn'] = None")
    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("the fixture")]
    assert line.endswith('the emulator needs uvicorn, which is not installed: pip install "mirelo-ergo[emulator]"')
    assert "Traceback" not in done.stdout


def test_the_example_runs_and_each_worker_has_a_server_of_its_own(tmp_path: Path) -> None:
    example = textwrap.dedent((pytest_plugin.__doc__ or "").partition("\n\n")[2].partition("\n\n")[0])
    assert 5 < len(example.splitlines()) < 10
    own = """
        import os
        @pytest.mark.parametrize("n", range(6))
        def test_apart(mirelo_emulator, mirelo_client, n):
            with open(f"worker-{os.environ['PYTEST_XDIST_WORKER']}-{n}", "w") as file:
                file.write(f"{mirelo_emulator.url} {mirelo_emulator._state.disk.folder.parent}")
            assert mirelo_client.me().credits_available == 10_000
            assert len(mirelo_emulator.requests) == 1
            mirelo_emulator.set_credits(n)
    """
    (tmp_path / "test_example.py").write_text(f"import pytest\nimport mirelo_ergo\n{example}\n{textwrap.dedent(own)}")
    done = session(tmp_path, "-p", "xdist.plugin", "-n", "2", "--dist", "each")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^14 passed", done.stdout, re.MULTILINE)
    seen = {path.name.split("-")[1]: path.read_text() for path in tmp_path.glob("worker-*")}
    assert len(seen) == len(set(seen.values())) == 2
    for told in seen.values():
        assert not Path(told.split()[1]).exists(), "the end of the session removes the server's folder"
