"""What is added to the site while it is built: pages that are written from the source, and what needs no network."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File

from scripts.site import commands, reference
from scripts.site.pages import ROOT, TOP, as_page, listed, llms

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

log = logging.getLogger("mkdocs.hooks.mirelo_ergo")
written: dict[str, str] = {}
"""The pages that are not in docs/, by their names."""
arguments: dict[str, dict[str, str]] = {}
"""What stands for the type variables of each client."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Write the pages, and add each page of docs/ to the navigation."""
    package = reference.load(ROOT)
    for name in reference.undocumented(package):
        log.warning("%s is public and has no docstring", name)  # which the strict build ends for
    written.clear()
    for name, page in TOP.items():
        written[page] = as_page((ROOT / name).read_text(encoding="utf-8"))
    written.update(reference.pages(package))
    arguments.update(reference.type_arguments(package))
    written["reference/commands.md"] = commands.page()
    navigation: list[Any] = config.nav or []
    for section in navigation:
        if "Reference" in section:
            section["Reference"] = [name for name in written if reference.is_reference(name)]
    known = {*listed(navigation), *written}
    if more := sorted(path.name for path in Path(config.docs_dir).glob("*.md") if path.name not in known):
        navigation.append({"More": more})
    written["llms.txt"] = llms(navigation, written, Path(config.docs_dir))
    return config


def on_page_content(html: str, page: Page, **_: Any) -> str:
    """Put each client's own types into its signatures."""
    return reference.filled(html, arguments) if page.file.src_uri == f"{reference.FOLDER}clients.md" else html


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the written pages."""
    for name, content in written.items():
        files.append(File.generated(config, name, content=content))
    return files


def on_post_build(config: MkDocsConfig) -> None:
    """Write the search index as a script, too: a page that is read from a folder may load nothing else."""
    folder = Path(config.site_dir) / "search"
    index = (folder / "search_index.json").read_text(encoding="utf-8")
    (folder / "search_index.js").write_text(f"var __index = {index}", encoding="utf-8")
