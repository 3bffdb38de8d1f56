"""`make docs`: strict, complete, and usable without a network, on a desktop and on a phone."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import griffe
import pytest
from mkdocs.config import load_config

import mirelo_ergo
from mirelo_ergo.cli.app import root
from scripts.site import hooks, reference
from scripts.site.pages import as_page
from tests.docs.test_snippets import ROOT
from tests.emulator.browser import PATIENCE_MS, Watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

LOADED = re.compile(
    r"""<(?:script|img|iframe|source)[^>]* src="([^"]+)"|<link[^>]* href="([^"]+)"[^>]*>|url\(([^)]+)\)"""
)
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, ROOT / "scripts" / "build_docs.py", folder], capture_output=True, text=True, timeout=240
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def test_every_page_of_docs_is_there(site: Path) -> None:
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert {f"{path.stem}.html" for path in (ROOT / "docs").glob("*.md")} <= pages
    assert {"index.html", "changelog.html", "contributing.html", "security.html", "reference/commands.html"} <= pages


def test_every_public_name_is_in_the_reference(site: Path) -> None:
    pages = "".join(path.read_text() for path in (site / "reference").glob("*.html"))
    anchors = set(re.findall(r'id="([\w.]+)"', pages))
    missing = [
        name for name in mirelo_ergo.__all__ if not {f"mirelo_ergo.{name}", f"mirelo_ergo.errors.{name}"} & anchors
    ]
    assert missing == ["__version__"]
    assert {"mirelo_ergo.MireloClient.text_to_sfx", "mirelo_ergo.Job.wait", "mirelo_ergo.JobResult.files"} <= anchors


def test_a_client_says_what_its_calls_give(site: Path) -> None:
    page = (site / "reference" / "clients.html").read_text()
    text = re.sub(r"<[^>]+>", "", page)
    assert not re.search(r"\b[A-Z][a-z]+T\b", text), "no type variable is left"
    assert {"AppRequest", "AsyncGenerationRequest", "MidiRequest", "LipsyncRequest"} <= set(re.findall(r"\w+", text))


def commands(command: click.Command, context: click.Context) -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield context.command_path.removeprefix("mirelo-ergo ")
        return
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        with click.Context(inner, info_name=name, parent=context) as below:
            yield from commands(inner, below)


def test_every_command_is_in_the_reference(site: Path) -> None:
    page = (site / "reference" / "commands.html").read_text()
    with click.Context(root, info_name="mirelo-ergo") as context:
        found = list(commands(root, context))
    assert {"text", "job download", "pixazo text"} <= set(found)
    for path in found:
        assert f'<h2 id="{path.replace(" ", "-")}">' in page
    assert "--max-credits" in page


def test_a_language_model_finds_every_page(site: Path) -> None:
    listed = re.findall(r"^- \[[^\]]+\]\(([^)]+)\): \S", (site / "llms.txt").read_text(), re.MULTILINE)
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")} - {"404.html"}
    assert sorted(listed) == sorted(pages)


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for path in (*site.rglob("*.html"), *site.rglob("*.css")):
        for found in LOADED.findall(path.read_text()):
            address = next(filter(None, found)).strip("\"' ")
            assert not address.startswith(("http:", "https:", "//")), (path.name, address)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["[a](b.md)", "[a](a.md#nowhere)", "[a](/b.md)"], ["'b.md'", "#nowhere", "absolute link '/b.md'"]),
        (["::: mirelo_ergo.Nothing"], ["mirelo_ergo.Nothing"]),
    ],
)
def test_what_leads_nowhere_ends_the_build(wrong: list[str], said: list[str], tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("\n\n".join(["# A", *wrong]) + "\n")
    config = tmp_path / "mkdocs.yml"
    config.write_text(
        f"INHERIT: {ROOT}/scripts/site/mkdocs.yml\ndocs_dir: docs\nnav: [a.md]\nhooks: []\n"
        f"theme: {{custom_dir: {ROOT}/scripts/site/theme}}\n"
    )
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(config)]
    built = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert built.returncode == 1
    told = [line for line in built.stderr.splitlines() if line.startswith(("WARNING", "ERROR"))]
    for says in said:
        assert any(says in line for line in told), says


def test_a_public_name_without_a_docstring_is_found(tmp_path: Path) -> None:
    package = tmp_path / "mirelo_ergo"
    package.mkdir()
    said = 'class Said:\n    """Docs."""\n    field: int\n    def silent(self): ...\n'
    (package / "_inner.py").write_text(f'"""Docs."""\n{said}')
    (package / "__init__.py").write_text(
        '"""Docs."""\nfrom ._inner import Said\n__all__ = ["Said", "other"]\ndef other(): ...\ndef private(): ...\n'
    )
    loaded = griffe.load("mirelo_ergo", search_paths=[str(tmp_path)])
    assert isinstance(loaded, griffe.Module)
    assert list(reference.undocumented(loaded)) == ["mirelo_ergo.Said.silent", "mirelo_ergo.other"]


def test_a_page_without_a_place_is_listed_all_the_same(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    shutil.copytree(ROOT / "docs", docs)
    (docs / "another.md").write_text("# Another\n\nWhat it says. And more.\n")
    config = hooks.on_config(load_config(str(ROOT / "scripts" / "site" / "mkdocs.yml"), docs_dir=str(docs)))
    assert config.nav is not None
    assert config.nav[-1] == {"More": ["another.md"]}
    assert "- [Another](another.html): What it says.\n" in hooks.written["llms.txt"]


def test_pages_that_are_named_become_links() -> None:
    code = "\n\n```sh\ncat `docs/cost.md`\n```\n"
    text = f"See `docs/cost.md`, [it](docs/cli.md) and `CONTRIBUTING.md`.{code}"
    linked = f"See [cost.md](cost.md), [it](cli.md) and [CONTRIBUTING.md](contributing.md).{code}"
    assert as_page(text) == linked


def opened(browser: Browser, site: Path, size: dict[str, int]) -> tuple[Page, Watch]:
    context = browser.new_context(viewport={"width": size["width"], "height": size["height"]}, offline=True)
    context.set_default_timeout(PATIENCE_MS)
    page, watch = context.new_page(), Watch(site.as_uri())
    page.on("request", watch.on_request)
    page.on("console", watch.on_console)
    page.on("pageerror", lambda error: watch.trouble.append(str(error)))
    page.goto((site / "index.html").as_uri())
    return page, watch


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_it_is_searched_from_a_folder_without_a_network(size: dict[str, int], browser: Browser, site: Path) -> None:
    page, watch = opened(browser, site, size)
    if size is PHONE:
        page.click("label[for=__search].md-header__button")
    page.locator("input.md-search__input").press_sequentially("NO_PROXY")
    found = page.locator(".md-search-result__link")
    found.first.wait_for()
    pages = {str(link.get_attribute("href")).partition("?")[0].rpartition("/")[2] for link in found.all()}
    assert "networks.html" in {page.partition("#")[0] for page in pages}
    found.first.click()
    page.wait_for_url(re.compile("[?&]h=no_proxy", re.IGNORECASE))
    assert "NO_PROXY" in page.inner_text("article")
    assert (watch.strangers, watch.trouble) == ([], [])
    page.context.close()


@pytest.mark.needs("chromium")
def test_no_page_is_wider_than_a_phone(browser: Browser, site: Path) -> None:
    page, watch = opened(browser, site, PHONE)
    for path in sorted(set(site.rglob("*.html")) - {site / "404.html"}):  # that one needs a server
        page.goto(path.as_uri(), wait_until="domcontentloaded")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], f"{path.name} is {width} wide"
    assert (watch.strangers, watch.trouble) == ([], [])
    page.context.close()
