"""PyInstaller's hook: the files that the emulator reads, and the modules that are imported by their names."""

from pathlib import Path

from PyInstaller.utils.hooks import collect_data_files, collect_submodules, get_module_file_attribute

PACKAGE = Path(get_module_file_attribute("mirelo_ergo") or "").parent
OPENAPI = "mirelo_ergo/openapi"

datas = [*collect_data_files("mirelo_ergo"), *collect_data_files("openapi_schema_validator")]
if not (PACKAGE / "openapi").is_dir():  # a checkout, where the spec files are at the top
    openapi = PACKAGE.parents[1] / "openapi"
    datas += [(str(path), f"{OPENAPI}/{path.parent.relative_to(openapi)}") for path in openapi.rglob("*.yaml")]

hiddenimports = [
    *collect_submodules(
        "mirelo_ergo",
        filter=lambda name: not name.startswith(("mirelo_ergo.pytest_plugin", "mirelo_ergo.__pyinstaller")),
    ),
    *collect_submodules("mirelo_ergo_api"),
]
