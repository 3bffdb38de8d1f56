"""The options -o, --name and --overwrite, which are checked before anything is paid."""

from __future__ import annotations

import itertools
import os
import re
import secrets
import shlex
import shutil
import string
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from mirelo_ergo.errors import DownloadError, InvalidRequestError

from .failures import refused

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from mirelo_ergo import JobResult

    from .generations import Generation
    from .output import Output
    from .progress import ProgressView

_SOUNDS: Final = (".wav", ".mp3", ".m4a", ".aac", ".flac", ".ogg")
_LOSSLESS: Final = (".wav", ".flac")
"""The formats without a bit rate."""
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
    stem: str = ""
    """The stem for the file names, for another process that resumes the job."""
    ending: str = ""
    """The suffix for a file that is named without one."""

    @property
    def to_stdout(self) -> bool:
        """Whether the result's bytes go to stdout."""
        return self.out == "-"

    @property
    def is_folder(self) -> bool:
        """Whether --out is a folder: it exists, or ends with a slash."""
        return self.out.endswith(("/", os.sep)) or os.path.isdir(self.out)  # noqa: PTH112 - it bears with any text

    def options(self, prompt: str | None) -> tuple[str, ...]:
        """Return its values as options of another command line, which does not know the clip and the prompt."""
        words = {"stem": self.stem, "prompt": prompt or self.stem}
        name = None if self.name is None else _filled(self.name, {each: text for each, text in words.items() if text})
        named = () if name is None else ("--name", name)
        return ("--out", self.out, *named, *(("--overwrite",) if self.overwrite else ()))

    def targets(self, generations: Sequence[Generation], output: Output) -> list[Saving]:
        """Return the targets of each generation's results. Raises `Failure` if they cannot be written."""
        results = sum(generation.samples for generation in generations)
        self.check(output, results)
        if self.to_stdout or self.is_folder:
            several = len(generations) > 1 and self.name is None
            name = "{stem}-{n}" if several else self.name
            names = _distinct(name, [generation.stem for generation in generations])
            return [
                attrs.evolve(self, name=each, stem=generation.stem)
                for each, generation in zip(names, generations, strict=True)
            ]
        if len(generations) > 1:
            raise refused(f"--out {self.out} is a file, and there are several clips: give a folder, such as sounds/")
        self._check_ending(generations[0])
        known = _CLIPS if generations[0].kind == "video" else generations[0].endings
        target = attrs.evolve(self, ending=known[0] if known else "")
        if not self.overwrite:
            target._check_free(results)
        if any(os.path.exists(target._file) and target._file.samefile(source) for source in generations[0].reads):  # noqa: PTH110 - it bears with any text
            raise refused(f"--out {self.out} is what the result is made of, and would be lost: give another name")
        return [target]

    def check(self, output: Output, results: int | None = None) -> None:
        """Refuse targets that cannot be written. `results` is None if their number is not known yet."""
        if not self.out.strip():
            raise refused("--out is blank: give a folder, a file name, or - for stdout")
        if problem := _no_path(self.out):
            raise refused(f"--out {self.out[:200]} {problem}")
        if self.to_stdout:
            self._check_stdout(output, results)
            return
        if self.name is not None and not self.is_folder:
            raise refused(f"--out {self.out} is a file and --name names files: give a folder, such as sounds/")
        if self.name is not None:
            self._check_name(self.name)
        folder = Path(self.out) if self.is_folder else Path(self.out).parent
        if not self.is_folder:
            self._check_kind(Path(self.out))
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

    def _check_name(self, name: str) -> None:
        from mirelo_ergo import check_name

        try:
            check_name(name)
        except InvalidRequestError as error:
            raise refused(f"--name {error.message.removeprefix('name=')}", "invalid_name") from None

    def _check_folder(self, folder: Path) -> None:
        from mirelo_ergo import check_folder

        try:
            check_folder(folder)
        except InvalidRequestError as error:
            problem = error.message.removeprefix("folder: ").removesuffix("; nothing was sent")
            raise refused(f"--out {self.out[:200]}: {problem}", "invalid_folder") from None

    def _check_file(self, path: Path) -> None:
        longest = len(os.fsencode(f".{path.stem}-10{path.suffix}{_PART_SUFFIX}"))
        if longest > _longest_name(path):
            raise refused(f"--out {self.out[:60]}… is longer than the file system allows", "invalid_folder")
        if path.is_symlink():
            raise refused(f"--out {self.out} is a symbolic link, which is not followed", "invalid_folder")

    def _check_kind(self, path: Path) -> None:
        """Refuse a path that is neither a file nor a folder, such as a device, even if its folder is not writable."""
        try:
            is_other = path.exists() and not path.is_file() and not path.is_symlink()
        except OSError:  # the check of the folder says why
            return
        if is_other:
            raise refused(f"--out {self.out} is neither a file nor a folder", "invalid_folder")

    def _check_ending(self, generation: Generation) -> None:
        """Refuse a suffix that the result will not have."""
        suffix = Path(self.out).suffix
        if not suffix or suffix[1:].isdigit():
            return
        allowed = _CLIPS if generation.kind == "video" else generation.endings
        if not allowed or suffix.lower() in allowed:
            return
        given = Path(self.out)
        better = f"{given.with_suffix(allowed[0])}"
        way = ""
        if generation.kind != "video" and suffix.lower() in _SOUNDS:
            way = f", and convert it: ffmpeg -i {shlex.quote(better)} {shlex.quote(self.out)}"
            if allowed[0] not in _SOUNDS:  # notes
                way = ""
            elif suffix.lower() in _LOSSLESS and _has_format() and allowed[0] != ".wav":  # --format was given
                way = f", or give --format {suffix[1:].lower()}"
        elif generation.kind != "video" and suffix.lower() in _CLIPS and generation.filmable:
            way = ", or add --output video for the clip with its sound"
        raise refused(f"--out {self.out}: the result is {allowed[0][1:].upper()}: write {better}{way}")

    def _check_free(self, results: int) -> None:
        given = self._file
        if results == 1 and os.path.lexists(given):  # several are numbered on
            raise refused(f"--out {self.out}: {given} exists already; --overwrite replaces it", "file_exists")

    def save(
        self, result: JobResult, files: list[Path], output: Output, view: ProgressView, others: Collection[Path] = ()
    ) -> None:
        """Save every result. `files` gets the paths, also if some could not be saved.

        `others` are the files of this command's other jobs: results with equal bytes still get separate files.
        """
        try:
            if self.to_stdout:
                self._write_out(result, output, view)
            elif self.is_folder:
                files += result.download(self.out, self.overwrite, view.download, name=self.name)
            elif len(result.result_urls) == 1:
                files.append(result.save(self._file, self.overwrite, view.download))
            else:
                name = f"{_literally(self._file.stem)}-{{n}}"
                files += result.download(self._file.parent, self.overwrite, view.download, name=name)
        except DownloadError as error:
            files += error.saved
            raise
        finally:
            view.download_done()
            files[:] = [_copied(path) if path in others else path for path in files]

    def _write_out(self, result: JobResult, output: Output, view: ProgressView) -> None:
        """Write the only result to stdout, after it was downloaded completely."""
        if len(result.result_urls) != 1:
            raise refused(f"--out - takes one result, and there are {len(result.result_urls)}")
        from tempfile import TemporaryDirectory

        with TemporaryDirectory(prefix="mirelo-ergo-") as folder:
            path = result.save(Path(folder, "result"), on_progress=view.download)
            output.bytes(_pieces(path))

    @property
    def _file(self) -> Path:
        """The file of --out, whose suffix is not taken from a version number at its end."""
        given = Path(self.out)
        ending = given.suffix.lower() in (*_SOUNDS, *_CLIPS, self.ending)
        return given if ending or not given.suffix else given.with_name(f"{given.name}{self.ending}")


def _has_format() -> bool:
    """Return whether the command that runs has the option --format."""
    import click  # it is imported where a command runs

    context = click.get_current_context(silent=True)
    return context is not None and any("--format" in param.opts for param in context.command.params)


def _no_path(out: str) -> str | None:
    """Return why what is given as --out is none, None for what may be one."""
    if re.match(r"[a-z][a-z0-9+.-]*://", out, re.IGNORECASE):
        return "is a URL: results are saved on this machine"
    if out.startswith("~"):
        return "begins with ~, which is the home folder only where it is not in quotation marks"
    if out.startswith("$"):
        return "begins with $, which names a variable only outside of single quotation marks"
    if out.startswith("-") and out != "-":
        return f"begins with a dash, as an option does: for a place of that name write ./{out[:200]}"
    if "*" in out:
        return "holds a *: the shell found no match, and nothing is called so"
    if Path(out).name.lower() in (*_SOUNDS, *_CLIPS):
        return "is an ending without a name"
    return None


def _literally(text: str) -> str:
    """Return text escaped for a name template."""
    return text.replace("{", "{{").replace("}", "}}")


def _filled(template: str, words: Mapping[str, str]) -> str:
    """Return a name template with the slugs of these words filled in."""
    filled = ""
    for text, field, form, _ in string.Formatter().parse(template):
        filled += _literally(text)
        if field is None:
            continue
        if field in words:
            filled += _literally(_slug(words[field]))
        else:
            filled += f"{{{field}:{form}}}" if form else f"{{{field}}}"
    return filled


def _distinct(template: str | None, stems: Sequence[str]) -> list[str | None]:
    """Return a template of names for each clip of one command. Those that would name two clips' files alike count on.

    Two clips of the same content can give the same bytes, and a file that is there with these counts as written.
    """
    if template is None:
        return [None] * len(stems)
    ending = next((each for each in (*_SOUNDS, *_CLIPS) if template.lower().endswith(each)), "")
    plain = template[: len(template) - len(ending)] or template
    names: list[str | None] = []
    taken: set[str] = set()
    for stem in stems:
        name, number = template, 1
        while (filled := _filled(name, {"stem": stem}).casefold()) in taken and "{job}" not in filled:
            number += 1
            name = f"{plain}-{number}"
        taken.add(filled)
        names.append(name)
    return names


def _copied(path: Path) -> Path:
    """Return a copy of a file under the next number that is free; it is whole or absent."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        shutil.copyfile(path, part)
        for number in itertools.count(2):
            target = path.with_name(f"{path.stem}-{number}{path.suffix}")
            if _placed(part, target):
                return target
    finally:
        part.unlink(missing_ok=True)
    raise AssertionError("numbers do not end")


def _placed(part: Path, target: Path) -> bool:
    """Give a file a name if that is free: a link fails for a taken name, a rename would replace it."""
    try:
        target.hardlink_to(part)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if os.path.lexists(target):
            return False
        part.rename(target)
    return True


def _slug(text: str) -> str:
    """Return text as in a template's {stem}, approximately, because another process does not know the clip."""
    return "-".join("".join(c if c.isalnum() or c in "._-" else " " for c in text).split()) or "result"


def _longest_name(path: Path) -> int:
    """Return the longest file name in bytes in a folder."""
    nearest = next(place for place in path.absolute().parents if place.exists())
    return os.pathconf(nearest, "PC_NAME_MAX") if hasattr(os, "pathconf") else 255


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
