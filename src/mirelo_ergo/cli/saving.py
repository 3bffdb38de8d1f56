"""Where results go: -o, --name and --overwrite. All of it is checked before anything is paid."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from .failures import refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mirelo_ergo import JobResult

    from .generations import Generation
    from .output import Output
    from .progress import ProgressView

_SOUNDS: Final = (".wav", ".mp3", ".m4a", ".aac", ".flac", ".ogg")
_CLIPS: Final = (".mp4", ".mov", ".m4v", ".webm", ".mkv")
_PART_SUFFIX: Final = ".00000000.part"
"""As long as what the library adds to a name while it writes; that has to fit too."""
_PIECE: Final = 1 << 20


@attrs.frozen
class Saving:
    """The options `--out`, `--name` and `--overwrite`."""

    out: str = "."
    name: str | None = None
    overwrite: bool = False

    @property
    def to_stdout(self) -> bool:
        """Whether the result's bytes go to stdout."""
        return self.out == "-"

    @property
    def is_folder(self) -> bool:
        """Whether --out is a folder: it is there, or ends in a slash."""
        return self.out.endswith(("/", os.sep)) or Path(self.out).is_dir()

    @property
    def options(self) -> tuple[str, ...]:
        """The same, as options of another command line."""
        named = () if self.name is None else ("--name", self.name)
        return ("--out", self.out, *named, *(("--overwrite",) if self.overwrite else ()))

    def targets(self, generations: Sequence[Generation], output: Output) -> list[Saving]:
        """Return where each generation's results go. Raises `Failure` for what cannot be written as asked."""
        results = sum(generation.samples for generation in generations)
        self.check(output, results)
        if self.to_stdout or self.is_folder:
            return [self._named_after(generation, len(generations)) for generation in generations]
        if len(generations) > 1:
            raise refused(f"--out {self.out} is a file, and there are several clips: give a folder, such as sounds/")
        self._check_ending(generations[0])
        if not self.overwrite:
            self._check_free(results)
        return [self]

    def check(self, output: Output, results: int | None = None) -> None:
        """Refuse what cannot be written to. `results` is None where their number is not known yet."""
        if not self.out.strip():
            raise refused("--out is blank: give a folder, a file name, or - for stdout")
        if self.to_stdout:
            self._check_stdout(output, results)
            return
        if self.name is not None and not self.is_folder:
            raise refused(f"--out {self.out} is a file and --name names files: give a folder, such as sounds/")
        folder = Path(self.out) if self.is_folder else Path(self.out).parent
        self._check_folder(folder)
        if not self.is_folder:
            self._check_file(Path(self.out))

    def _check_stdout(self, output: Output, results: int | None) -> None:
        problem = None
        if output.json:
            problem = "and --json both write to stdout"
        elif self.name is not None:
            problem = "writes to stdout, and --name names files"
        elif results is not None and results > 1:
            problem = f"takes one result, and there would be {results}"
        elif sys.stdout is None or sys.stdout.isatty():
            problem = "writes the file's bytes to stdout, which is a terminal or closed: redirect it"
        if problem is not None:
            raise refused(f"--out - {problem}")

    def _check_folder(self, folder: Path) -> None:
        from mirelo_ergo import InvalidRequestError, check_folder

        try:
            check_folder(folder)
        except InvalidRequestError as error:
            problem = error.message.removeprefix("folder: ").removesuffix("; nothing was sent")
            raise refused(f"--out {self.out[:200]}: {problem}", "invalid_folder") from None

    def _check_file(self, path: Path) -> None:
        if path.is_symlink():
            raise refused(f"--out {self.out} is a symbolic link, which is not followed", "invalid_folder")
        if path.exists() and not path.is_file():
            raise refused(f"--out {self.out} is neither a file nor a folder", "invalid_folder")
        longest = len(os.fsencode(f".{path.stem}-10{path.suffix}{_PART_SUFFIX}"))
        if longest > _longest_name(path):
            raise refused(f"--out {self.out[:60]}… is longer than the file system allows", "invalid_folder")

    def _check_ending(self, generation: Generation) -> None:
        """Refuse an ending that the result will not have."""
        suffix = Path(self.out).suffix
        if not suffix or suffix[1:].isdigit():
            return
        allowed = _CLIPS if generation.kind == "video" else generation.endings
        if suffix.lower() in allowed:
            return
        given = Path(self.out)
        better = f"{given.with_suffix(allowed[0])}"
        way = ""
        if generation.kind != "video" and suffix.lower() in _SOUNDS:
            way = f", and convert it: ffmpeg -i {shlex.quote(better)} {shlex.quote(self.out)}"
        elif generation.kind != "video" and suffix.lower() in _CLIPS and generation.filmable:
            way = ", or add --output video for the clip with its sound"
        raise refused(f"--out {self.out}: the result is {allowed[0][1:].upper()}: write {better}{way}")

    def _check_free(self, results: int) -> None:
        given = Path(self.out)
        names = [given] if results == 1 else [given.with_stem(f"{given.stem}-{n}") for n in range(1, results + 1)]
        taken = next((name for name in names if os.path.lexists(name)), None)
        if taken is not None:
            raise refused(f"--out {self.out}: {taken} is there already; --overwrite replaces it", "file_exists")

    def _named_after(self, generation: Generation, generations: int) -> Saving:
        if generations == 1:
            return self
        return attrs.evolve(self, name=(self.name or "{stem}-{n}").replace("{stem}", generation.stem))

    def save(self, result: JobResult, files: list[Path], output: Output, view: ProgressView) -> None:
        """Save every result; `files` gets the paths as they come to be."""
        if self.to_stdout:
            if len(result.result_urls) != 1:
                raise refused(f"--out - takes one result, and there are {len(result.result_urls)}")
            with tempfile.TemporaryDirectory(prefix="mirelo-ergo-") as folder:
                (path,) = result.download(folder, on_progress=view.download)
                view.download_done()
                output.bytes(_pieces(path))
            return
        files += self._download(result, view.download)
        view.download_done()

    def _download(self, result: JobResult, on_progress: Callable[[int, int | None], None]) -> list[Path]:
        if self.name is None and self.is_folder:
            return result.download(self.out, self.overwrite, on_progress)
        given = Path(self.out)
        folder = given if self.is_folder else given.parent
        folder.mkdir(parents=True, exist_ok=True)
        saved = []
        with tempfile.TemporaryDirectory(prefix=".mirelo-ergo-", dir=folder) as part:
            came = result.download(part, on_progress=on_progress)
            for number, path in enumerate(came, 1):
                target = folder / f"{self._stem(number, len(came))}{path.suffix}"
                if not self.overwrite and target.exists():
                    raise FileExistsError(17, "the target exists", str(target))
                shutil.move(path, target)
                saved.append(target)
        return saved

    def _stem(self, number: int, count: int) -> str:
        if self.name is not None:
            return self.name.replace("{n}", str(number))
        given = Path(self.out)
        stem = given.stem if given.suffix.lower() in (*_SOUNDS, *_CLIPS) else given.name
        return stem if count == 1 else f"{stem}-{number}"


def _longest_name(path: Path) -> int:
    """Return how many bytes a file's name may have where it is to be."""
    nearest = next(place for place in path.absolute().parents if place.exists())
    return os.pathconf(nearest, "PC_NAME_MAX") if hasattr(os, "pathconf") else 255


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
