"""The Keras model as it is, on whatever backend Keras runs: the reference."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np

from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.engines.interface import Engine, Outputs
from keras_i3d.engines.network_outputs import PROBABILITIES, with_outputs


class KerasEngine(Engine):
    """Computes in float32, in one thread beside the one that reads.

    Args:
        network: from `keras_i3d.load`.
        outputs: their names.
    """

    def __init__(self, network: LoadedNetwork, outputs: tuple[str, ...]):
        super().__init__("keras", "float32", tuple(network.record.inputs), outputs)
        # The classifier is the same each time: compiled once however many engines there are.
        only_classes = outputs == (PROBABILITIES,)
        self._model = network.classifier if only_classes else with_outputs(network, outputs)
        self._thread = ThreadPoolExecutor(1, "keras-engine")
        self.details |= {"backend": keras.backend.backend(), "keras": keras.__version__}

    def close(self) -> None:
        """Let its thread end."""
        self._thread.shutdown()

    def _submit(self, clips: dict[str, np.ndarray]) -> Callable[[], Outputs]:
        return self._thread.submit(self._computed, clips).result

    def _computed(self, clips: dict[str, np.ndarray]) -> Outputs:
        given = clips if len(clips) > 1 else next(iter(clips.values()))
        found = self._model.predict_on_batch(given)
        found = found if isinstance(found, dict) else {self.outputs[0]: found}
        return {name: keras.ops.convert_to_numpy(found[name]) for name in self.outputs}
