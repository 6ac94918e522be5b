"""Which creators a run has met so far, in a bit for each: there may be tens of millions."""

from __future__ import annotations

from collections.abc import Iterable


class SeenCreators:
    """Keys of creators' rows; these are small numbers without large gaps."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def __contains__(self, key: int) -> bool:
        byte, bit = divmod(key, 8)
        return byte < len(self._bits) and self._bits[byte] >> bit & 1 == 1

    def add(self, keys: Iterable[int]) -> None:
        """Remembers these too."""
        for key in keys:
            byte, bit = divmod(key, 8)
            if byte >= len(self._bits):
                self._bits.extend(bytes(byte + 1 - len(self._bits)))
            self._bits[byte] |= 1 << bit
