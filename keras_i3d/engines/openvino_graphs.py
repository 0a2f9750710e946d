"""All that the package uses of OpenVINO: a network converted, stored, compiled, run.

The only file that imports openvino.
"""

import functools
import tempfile
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
from absl import logging

from keras_i3d.engines.interface import EngineError, Outputs

try:
    import openvino
except ImportError as error:
    raise ImportError(
        f"engine='openvino' needs OpenVINO: pip install 'keras-i3d[openvino]' ({error})"
    ) from error

VERSION = openvino.__version__.split("-")[0]
# Beside the requests that compute, one that waits, so that none is idle while a result is read.
WAITING = 1
# A network of int8 computes what is not quantised, its head, in float32.
HINTS = {"float32": "f32", "bfloat16": "bf16", "int8": "f32"}


@functools.cache
def openvino_core() -> openvino.Core:
    """Return the one core of this process, which is never let go.

    A core gives the thread that made it a stack for signals. Freed in another thread, as any
    collector of garbage may be, it would leave that stack behind as freed memory: the next Ctrl-C
    would end the process as a segmentation fault.
    """
    return openvino.Core()


def converted(model: keras.Model) -> openvino.Model:
    """Return a Keras model with named outputs as OpenVINO's graph, for clips of the same shapes.

    Raises:
        EngineError: on another Keras backend than TensorFlow, which writes what OpenVINO reads.
    """
    if keras.backend.backend() != "tensorflow":
        raise EngineError(
            "Keras' backend should be tensorflow for the openvino engine: unset KERAS_BACKEND. "
            f"Received: {keras.backend.backend()}"
        )
    with tempfile.TemporaryDirectory(prefix="keras-i3d-") as folder:
        level = logging.get_verbosity()
        logging.set_verbosity(logging.ERROR)  # TensorFlow says which names it changes
        try:
            model.export(folder, format="tf_saved_model", verbose=False)
        finally:
            logging.set_verbosity(level)
        # Not openvino.convert_model, which reports its use to its makers.
        return openvino_core().read_model(folder)


def write_graph(graph: openvino.Model, path: Path) -> None:
    """Write a graph as `path`, an .xml file, and a .bin beside it; its values as they are."""
    openvino.save_model(graph, path, compress_to_fp16=False)


def read_graph(path: Path) -> openvino.Model:
    """Return the graph that `write_graph` wrote."""
    return openvino_core().read_model(path)


def inputs_of(graph: openvino.Model, streams: Sequence[str]) -> dict[str, str]:
    """Return {stream: the name of its input}; of a single stream the one input there is."""
    if len(streams) == 1:
        return {streams[0]: graph.input().any_name}
    names = [value.get_names() for value in graph.inputs]
    return {s: next(name for found in names if s in found for name in found) for s in streams}


class Compiled:
    """A graph, compiled for this processor, of which several clips are under way at once.

    Args:
        graph: from `read_graph`.
        precision: "float32", "bfloat16" or "int8".
        streams: of the network.
        outputs: their names.
        alone: all cores for one clip; else each computes one of its own, which takes a clip longer
            and many clips less long.
    """

    def __init__(self, graph, precision: str, streams, outputs: Sequence[str], alone: bool = False):
        settings = {
            "INFERENCE_PRECISION_HINT": HINTS[precision],
            "PERFORMANCE_HINT": "LATENCY" if alone else "THROUGHPUT",
        }
        self._inputs, self._outputs = inputs_of(graph, streams), tuple(outputs)
        compiled = openvino_core().compile_model(graph, "CPU", settings)
        best = compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
        self.requests = 1 if alone else max(2, best) + WAITING
        self._free = [compiled.create_infer_request() for _ in range(self.requests)]
        self._running: deque = deque()

    def submit(self, clips: dict[str, np.ndarray]) -> Callable[[], Outputs]:
        """Begin to compute a batch, clip by clip; return a function that waits for the outputs.

        Waits itself while as many clips are under way as there are requests. Of one thread only.
        """
        count = len(next(iter(clips.values())))
        found: list = [None] * count
        for number in range(count):
            if not self._free:
                self._collect()
            request = self._free.pop()
            clip = {
                self._inputs[stream]: np.ascontiguousarray(value[number : number + 1])
                for stream, value in clips.items()
            }
            try:
                request.start_async(clip, share_inputs=True)
            except RuntimeError as error:
                self._free.append(request)
                raise _not_computed(error) from error
            self._running.append((request, clip, found, number))

        def result() -> Outputs:
            while any(one is None for one in found):
                self._collect()
            return {name: np.concatenate([one[name] for one in found]) for name in self._outputs}

        return result

    def _collect(self) -> None:
        """Wait for the clip that has been under way longest, and keep what came of it."""
        request, _, found, number = self._running.popleft()
        try:
            request.wait()
            found[number] = {
                name: np.array(request.get_tensor(name).data, np.float32) for name in self._outputs
            }
        except RuntimeError as error:
            raise _not_computed(error) from error
        finally:
            self._free.append(request)


def processor_capabilities() -> list[str]:
    """Return what OpenVINO computes fast on this processor, such as "BF16"."""
    return list(openvino_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))


def _not_computed(error: RuntimeError) -> ValueError:
    last = (str(error).strip().splitlines() or ["no reason given"])[-1]
    return ValueError(f"OpenVINO cannot compute the clip: {last}")
