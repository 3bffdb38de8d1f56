"""Which bytes the service has already, under which asset id."""

from __future__ import annotations


class AssetCache:
    """Asset ids by what they are of: account, address and the exact bytes. Shared by threads."""

    LARGEST = 1000

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, float]] = {}

    def get(self, key: str, now: float) -> str | None:
        """Return the asset id kept under a key, if it still lives."""
        asset_id, until = self._kept.get(key, (None, 0.0))
        return asset_id if now < until else None

    def keep(self, key: str, asset_id: str, until: float) -> None:
        """Keep an asset id until a moment of the monotonic clock; the oldest one makes room."""
        if len(self._kept) >= self.LARGEST:
            self._kept.pop(next(iter(self._kept)), None)
        self._kept[key] = (asset_id, until)

    def forget(self, key: str, asset_id: str) -> None:
        """Forget an asset id that the service does not know any more; one that took its place meanwhile stays."""
        if self._kept.get(key, ("", 0.0))[0] == asset_id:
            self._kept.pop(key, None)

    def clear(self) -> None:
        """Forget all: any of them may be gone."""
        self._kept.clear()
