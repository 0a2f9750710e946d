"""The network whose features FVD compares: opened once, for any number of clips."""

import json
from collections.abc import Hashable, Iterable, Iterator

import google_crc32c
import keras
import numpy as np

from keras_i3d import engines
from keras_i3d.applications.loaded import LoadedNetwork, load
from keras_i3d.engines import Engine
from keras_i3d.fvd.protocols import FVDProtocol
from keras_i3d.fvd.sides import FVDError

# Clips that go through at once. The last batch is filled up, so that a clip's features do not
# depend on how many there are.
BATCH = 4


class FVDNetwork:
    """A network with an engine, for one protocol; to be used with `with`.

    Args:
        network: from `keras_i3d.load`.
        engine: opened for it, with the protocol's layer among its outputs.
        protocol: what is computed of it.
        allow_approximate: whether an engine that does not compute in float32 may be used.

    Attributes:
        crc: CRC-32C over all its weights, eight hexadecimal digits.
        made: all that decides on a clip's features; goes into JSON.

    Raises:
        FVDError: the network takes no RGB clips, or none so short, or the engine computes in less
            than float32.
    """

    def __init__(
        self,
        network: LoadedNetwork,
        engine: Engine,
        protocol: FVDProtocol,
        allow_approximate: bool = False,
    ):
        if tuple(network.record.inputs) != ("rgb",):
            raise FVDError(
                f"weights should be of a network of RGB clips. Received: one of "
                f"{', '.join(network.record.inputs)}"
            )
        if protocol.frames < network.record.least_clip[0]:
            raise FVDError(
                f"frames should be at least {network.record.least_clip[0]} for this network. "
                f"Received: {protocol.frames}"
            )
        check_precision(engine.precision, allow_approximate)
        self.engine, self.protocol, self.approximate = engine, protocol, allow_approximate
        self.crc, self.source = weights_crc(network.model), network.source
        made = {
            "clip": protocol.of_clips(),
            "weights_crc32c": self.crc,
            "engine": engine.details,
        }
        self.made = json.loads(json.dumps(made))  # equal to what is read back from a file

    @classmethod
    def opened(
        cls,
        protocol: FVDProtocol,
        *,
        weights: str | LoadedNetwork = "kinetics",
        engine: str | Engine = "keras",
        precision: str = "float32",
        allow_approximate: bool = False,
    ) -> "FVDNetwork":
        """Load the weights and open the engine.

        Args:
            weights: as for `keras_i3d.load`, or what it gave. FVD's own are "kinetics": DeepMind's
                rgb_scratch, which are those of deepmind/i3d-kinetics-400 on TensorFlow Hub too.
            engine, precision: as for `keras_i3d.engines.open`, or an engine that it gave.
            allow_approximate: whether less than float32 is allowed.

        Raises:
            FVDError, ValueError, OSError, EngineError: as loading and opening do.
        """
        if not isinstance(engine, Engine):
            check_precision(precision, allow_approximate)
        if not isinstance(weights, LoadedNetwork):
            weights = load(weights, model="i3d", stream="rgb")
        if not isinstance(engine, Engine):
            outputs = (protocol.layer,)
            engine = engines.open(weights, outputs=outputs, engine=engine, precision=precision)
        return cls(weights, engine, protocol, allow_approximate)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.engine.close()

    def features(
        self, clips: Iterable[tuple[Hashable, np.ndarray]]
    ) -> Iterator[tuple[Hashable, np.ndarray]]:
        """Give (key, features) of each (key, clip), in their order; a few clips are held.

        Raises:
            FVDError: the layer does not give one vector for a clip, or gives NaN.
        """
        for keys, outputs in self.engine.stream(_batches(clips)):
            found = outputs[self.protocol.layer]
            if found.ndim != 2:
                raise FVDError(
                    f"layer should give a vector for each clip, as logits and features do. "
                    f"Received: {self.protocol.layer!r}, which gives {found.shape[1:]}"
                )
            for key, vector in zip(keys, found, strict=False):  # the batch may be filled up
                if not np.isfinite(vector).all():
                    raise FVDError(f"the network gives NaN or infinity for {key}")
                yield key, np.asarray(vector, np.float32)


def check_precision(precision: str, allow_approximate: bool) -> None:
    """Check that a network is computed precisely enough for numbers that must compare.

    Raises:
        FVDError: it is not, and that is not allowed.
    """
    if precision != "float32" and not allow_approximate:
        raise FVDError(
            f"precision should be float32, for numbers that others can compare with. Received: "
            f"{precision}; allow_approximate allows it"
        )


def weights_crc(model: keras.Model) -> str:
    """Return CRC-32C over a model's weights in the order of their paths, on any backend."""
    crc = 0
    for variable in sorted(model.weights, key=lambda one: one.path):
        array = np.ascontiguousarray(keras.ops.convert_to_numpy(variable), np.float32)
        crc = google_crc32c.extend(crc, array.tobytes())
    return f"{crc:08x}"


def _batches(clips: Iterable[tuple[Hashable, np.ndarray]]) -> Iterator[tuple[tuple, np.ndarray]]:
    keys, held = [], []
    for key, clip in clips:
        keys.append(key)
        held.append(clip)
        if len(held) == BATCH:
            yield tuple(keys), np.stack(held)
            keys, held = [], []
    if held:
        yield tuple(keys), np.stack(held + held[-1:] * (BATCH - len(held)))
