"""What every engine offers: a network's clips in, named outputs out."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from itertools import chain, islice

import numpy as np

# What each engine computes in.
ENGINES = {"keras": ("float32",), "openvino": ("float32", "bfloat16", "int8")}

Clips = Mapping[str, np.ndarray] | np.ndarray
Outputs = dict[str, np.ndarray]


class EngineError(RuntimeError):
    """An engine is not available, or would not be what it claims to be; says what to do."""


class Engine(ABC):
    """Computes the outputs of a network; made by `keras_i3d.engines.open`.

    Attributes:
        name: "keras" or "openvino".
        precision: what it computes in: "float32", "bfloat16" or "int8".
        streams: what goes in: ("rgb",), ("flow",) or, of a joint network, both.
        outputs: the names of what comes out.
        details: how it was made, for the metadata of what rests on it; goes into JSON.
    """

    # Batches that are computed while the next one is read.
    in_flight = 1

    def __init__(
        self, name: str, precision: str, streams: tuple[str, ...], outputs: tuple[str, ...]
    ):
        self.name, self.precision = name, precision
        self.streams, self.outputs = streams, outputs
        self.details = {"engine": name, "precision": precision}

    def run(self, clips: Clips) -> Outputs:
        """Return {name: (batch, ...)} of preprocessed clips.

        Args:
            clips: float32 (batch, time, height, width, channels), {stream: clips} where the network
                sees several.

        Raises:
            ValueError: when the clips are not those of the network's streams.
        """
        return self._submit(self._by_stream(clips))()

    def stream(self, batches: Iterable[tuple[Hashable, Clips]]) -> Iterator[tuple[Hashable, dict]]:
        """Give (key, outputs) of each (key, clips), in their order.

        The network computes while the next clips are read; `in_flight` batches, the one being read
        and their results are all that is held. A batch that comes alone is run alone.
        """
        batches, waiting = iter(batches), deque()
        first = list(islice(batches, 2))
        if len(first) == 1:
            yield first[0][0], self.run(first[0][1])
            return
        try:
            for key, clips in chain(first, batches):
                clips = self._by_stream(clips)
                if len(waiting) == self.in_flight:
                    yield _finished(waiting)
                waiting.append((key, self._submit(clips)))
                del clips
            while waiting:
                yield _finished(waiting)
        finally:
            for _, result in waiting:  # given up half-way: nothing goes on in the background
                result()

    @abstractmethod
    def close(self) -> None:
        """Give back what the engine holds; it computes nothing from then on."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @abstractmethod
    def _submit(self, clips: dict[str, np.ndarray]) -> Callable[[], Outputs]:
        """Begin to compute; return a function that waits for the outputs."""

    def _by_stream(self, clips: Clips) -> dict[str, np.ndarray]:
        if not isinstance(clips, Mapping):
            clips = dict.fromkeys(self.streams[:1], clips)
        if set(clips) != set(self.streams):
            raise ValueError(
                f"clips should be those of {', '.join(self.streams)}. Received: {', '.join(clips)}"
            )
        clips = {stream: np.asarray(clips[stream], np.float32) for stream in self.streams}
        if any(clip.ndim != 5 for clip in clips.values()):
            shapes = {stream: clip.shape for stream, clip in clips.items()}
            raise ValueError(
                f"clips should be (batch, time, height, width, channels). Received: {shapes}"
            )
        return clips


def _finished(waiting: deque) -> tuple[Hashable, Outputs]:
    key, result = waiting.popleft()
    return key, result()
