"""Pre-signed upload forms: a file is posted together with the signed fields of its policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from ..api.multipart import MultipartBody, Part

if TYPE_CHECKING:
    from collections.abc import Callable

    from .sources import Uploadable


@attrs.frozen
class PresignedForm:
    """The signed fields of a form, which precede the file in the service's order."""

    fields: tuple[tuple[str, str], ...] = attrs.field(repr=False)
    file_field: str = "file"
    """The name of the file's part, which must be the last one."""

    def body(self, source: Uploadable, content_type: str) -> MultipartBody:
        """Return the whole form as a streamed source."""
        parts = [Part(name, value.encode()) for name, value in self.fields]
        return MultipartBody((*parts, Part(self.file_field, source, self.file_field, content_type)))


def of_the_file(
    body: MultipartBody, source: Uploadable, on_progress: Callable[[int, int], None]
) -> Callable[[int, int], None]:
    """Return a callback for the form's progress that calls `on_progress` with the file's."""
    behind = len(b"\r\n") + len(body.end)
    before = body.size - source.size - behind

    def report(sent: int, total: int) -> None:
        on_progress(min(max(0, sent - before), source.size), source.size)

    return report
