"""The cache of uploaded sources and their asset ids."""

from __future__ import annotations


class AssetCache:
    """A cache of asset ids, by account, address and the exact bytes. Threads may share it."""

    LARGEST = 1000

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, float]] = {}

    def get(self, key: str, now: float) -> str | None:
        """Return the asset id of a key, None if there is none or it has expired."""
        asset_id, until = self._kept.get(key, (None, 0.0))
        return asset_id if now < until else None

    def keep(self, key: str, asset_id: str, until: float) -> None:
        """Store an asset id until a moment of the monotonic clock; the oldest entry is dropped if the cache is full."""
        if len(self._kept) >= self.LARGEST:
            self._kept.pop(next(iter(self._kept)), None)
        self._kept[key] = (asset_id, until)

    def forget(self, key: str, asset_id: str) -> None:
        """Remove an asset id that the service no longer knows, unless the entry has been replaced meanwhile."""
        if self._kept.get(key, ("", 0.0))[0] == asset_id:
            self._kept.pop(key, None)

    def clear(self) -> None:
        """Remove all entries."""
        self._kept.clear()
