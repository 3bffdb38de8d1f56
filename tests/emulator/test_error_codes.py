"""Every error code that the contract has can be met over HTTP, and the page that lists them says how."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from mirelo_ergo.emulator import running
from tests.emulator.error_cases import CASES, PAGE, Case, Ground, page
from tests.emulator.support import SPEC, Api, answering, sending
from tests.support.specs import target

ONLY_IN_JOBS = {"generation_failed", "generation_timeout"}  # no operation answers with them, says the contract


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with running(speed=1000) as emu, Api(emu) as api, answering(sending(b"gone", 404)) as media:
        yield Ground(api, media, tmp_path_factory.mktemp("clips"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_a_code_is_reached(ground: Ground, case: Case) -> None:
    charges = ground.api.emu.charges
    assert case.provoke(ground) == (case.status, case.code)
    assert ground.api.emu.charges == charges


def test_every_code_of_the_contract_is_there() -> None:
    operations = [each for item in SPEC["paths"].values() for each in item.values()]
    answers = [(status, target(SPEC, answer)) for each in operations for status, answer in each["responses"].items()]
    refusals = [answer for status, answer in answers if status >= "300"]
    named = {word for answer in refusals for word in re.findall(r"`([a-z]+(?:_[a-z]+)+)`", answer["description"])}
    shown = {answer["content"]["application/json"]["example"]["error"]["code"] for answer in refusals}
    codes = [case.code for case in CASES]
    assert sorted(codes) == sorted(named | shown | ONLY_IN_JOBS)


def test_a_lapsed_key_still_reads_and_prices(ground: Ground) -> None:
    with Api(ground.api.emu, "sk-lapsed-1") as lapsed:
        assert lapsed.get("/v2/me").status_code == 200
        assert lapsed.get("/v2/text-to-sfx/v1.5/preflight").status_code == 200
        lapsed.open_upload()
        assert lapsed.post("/v2/text-to-sfx/v1.5/sync", {"prompt": "rain"}).status_code == 402
        assert lapsed.post("/v2/text-to-sfx/v1.5/sync", {"prompt": 1}).status_code == 400


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run scripts/error_table.py"
