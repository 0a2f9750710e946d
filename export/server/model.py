"""One model: what should be served of its folder, and what is."""

from collections.abc import Mapping
from dataclasses import dataclass

from keras_i3d.export.server.options import ModelConfig
from keras_i3d.export.server.servable import Servable
from keras_i3d.export.server.versions import Found

# get_model_status.proto's states.
LOADING, AVAILABLE, UNLOADING, END = 20, 30, 40, 50


@dataclass
class Version:
    """One version in memory, or what became of it."""

    state: int = LOADING
    servable: Servable | None = None
    found: Found | None = None
    error: str = ""
    users: int = 0


class Model:
    """One model's versions by number, and what lies in its folder."""

    def __init__(self, config: ModelConfig):
        self.config = config
        self.versions: dict[int, Version] = {}
        self.retired: list[tuple[int, Version]] = []
        self.seen: dict[int, Found] = {}
        self.complaints: frozenset[str] = frozenset()

    def wanted(self, there: Mapping[int, Found]) -> list[int]:
        """Return which of the versions that are there should be served, the newest first."""
        numbers = sorted(there, reverse=True)
        if self.config.versions:
            return [number for number in numbers if number in self.config.versions]
        return numbers[: self.config.latest or None]

    def available(self) -> list[int]:
        """Return the versions that are served, the newest last."""
        return sorted(n for n, v in self.versions.items() if v.state == AVAILABLE)

    def unloaded(self, settled: Mapping[int, Found]) -> list[int]:
        """Return what should be served and is not, less what could not be loaded as it is now."""
        entries = self.versions
        good = {
            n: found
            for n, found in settled.items()
            if n not in entries or entries[n].state != END or entries[n].found != found
        }
        return [n for n in self.wanted(good) if n not in entries or entries[n].found != good[n]]
