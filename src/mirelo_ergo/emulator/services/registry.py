"""How each service writes a refusal, for those that come from outside its application: a fault, or a reset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mirelo_ergo.emulator.services import mirelo as app
from mirelo_ergo.emulator.services.pixazo import answers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.responses import Response

    from mirelo_ergo.emulator.web.refusals import Refusal

ENVELOPES: Mapping[str, Callable[[Refusal], Response]] = {"mirelo": app.refuse, "pixazo": answers.refuse}
