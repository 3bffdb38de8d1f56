"""`make release` refuses what is not ready, before anything is built."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from scripts import release
from tests.tooling.test_packaging import PROJECT, ROOT

CUT = "# Changelog\n\n## Unreleased\n\n## 1.2.3 (2026-12-01)\n\n### SDK\n\n- A thing.\n\n## 1.2.2 (2026-11-01)\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that is ready for release 1.2.3."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    (tmp_path / "src" / "mirelo_ergo").mkdir(parents=True)
    (tmp_path / "src" / "mirelo_ergo" / "_version.py").write_text('__version__ = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text(CUT)
    for arguments in (
        ["init", "-q"],
        ["config", "user.name", "A tester"],
        ["config", "user.email", "tester@example.com"],
        ["add", "-A"],
        ["commit", "-qm", "Begin"],
    ):
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True)
    return tmp_path


def test_a_clean_tree_with_a_cut_changelog_is_ready(project: Path) -> None:
    assert release.read_version(project) == "1.2.3"
    assert release.problems(project, "1.2.3") == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (CUT.replace("## Unreleased\n\n", ""), "has to begin with a section Unreleased"),
        (CUT.replace("## Unreleased\n", "## Unreleased\n\n- Another.\n"), "move what stands under Unreleased"),
        (CUT.replace(" (2026-12-01)", ""), "no section for 1.2.3"),
        (CUT.replace("(2026-12-01)", "(soon)"), "no section for 1.2.3"),
        (CUT.replace("1.2.3", "1.2.4"), "no section for 1.2.3"),
        (CUT.replace("### SDK\n\n- A thing.\n\n", ""), "no section for 1.2.3"),
        ("# Changelog\n", "has to begin with a section Unreleased"),
        ("# Changelog\n\n## Unreleased\n", "no section for 1.2.3"),
    ],
)
def test_a_changelog_that_is_not_cut_is_refused(text: str, says: str) -> None:
    assert any(says in problem for problem in release.changelog_problems(text, "1.2.3"))


def test_a_tree_that_is_not_clean_and_a_tag_that_exists_are_refused(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release.git(project, "tag", "v1.2.3")
    (project / "more.py").touch()
    assert release.main([], project) == 1
    assert not (project / "dist").exists()
    first, second = capsys.readouterr().err.splitlines()
    assert first == "release: the tree is not clean: commit or put away what `git status` shows"
    assert second.startswith("release: v1.2.3 is tagged already")


@pytest.mark.parametrize("text", ["", '__version__ = "1.2"\n', '__version__ = "1.2.3.dev4"\n'])
def test_a_version_that_is_none_is_refused(project: Path, text: str) -> None:
    (project / "src" / "mirelo_ergo" / "_version.py").write_text(text)
    with pytest.raises(SystemExit, match="states no version"):
        release.main([], project)


def test_every_extra_is_tried_out() -> None:
    assert release.SMOKE.keys() == {"", *PROJECT["optional-dependencies"]}


def test_the_changelog_begins_with_what_is_unreleased() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert release.SECTION.findall(text)[0][0] == "Unreleased"
