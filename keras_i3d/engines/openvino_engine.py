"""A network in OpenVINO on the CPU: float32, bfloat16, or int8."""

import logging
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.engines import quantisation
from keras_i3d.engines.fingerprint import clips_hash, fingerprint
from keras_i3d.engines.interface import Clips, Engine, Outputs
from keras_i3d.engines.made_once import made_once
from keras_i3d.engines.network_outputs import FEATURES, LOGITS, has_layer, with_outputs
from keras_i3d.engines.openvino_graphs import (
    VERSION,
    Compiled,
    converted,
    inputs_of,
    processor_capabilities,
    read_graph,
    write_graph,
)
from keras_i3d.engines.processor import processor_flags, processor_note

GRAPH = "network.xml"

log = logging.getLogger(__name__)


class OpenVINOEngine(Engine):
    """Computes clip by clip, several at a time; clips may be of any length that the network takes.

    Args:
        network: from `keras_i3d.load`.
        outputs: their names.
        precision: "float32", "bfloat16" or "int8".
        calibration: for int8, clips as `run` takes them; a third of them only checks.

    Raises:
        EngineError: when it cannot be made, or int8 fails its check.
        ImportError: nncf is not installed.
        ValueError: when there are no clips to calibrate int8 on.
    """

    def __init__(
        self,
        network: LoadedNetwork,
        outputs: tuple[str, ...],
        precision: str,
        calibration: Sequence[Clips] | None = None,
    ):
        super().__init__("openvino", precision, tuple(network.record.inputs), outputs)
        self._graph_outputs = _graph_outputs(network, outputs)
        path, made_of = self._in_float32(network)
        if precision == "int8":
            path, made_of = self._in_int8(path, made_of, calibration)
        self._graph = read_graph(path)
        self._one = self._compiled(alone=True)
        self._many: Compiled | None = None
        self.details |= made_of
        note = processor_note(precision, processor_capabilities(), processor_flags())
        if note:
            log.warning("%s", note)
            self.details["note"] = note

    @property
    def in_flight(self) -> int:
        """Batches that are computed while the next one is read."""
        return self._several().requests

    def run(self, clips: Clips) -> Outputs:
        """Return {name: (batch, ...)} of preprocessed clips; a single one takes all cores."""
        clips = self._by_stream(clips)
        alone = len(next(iter(clips.values()))) == 1
        return (self._one if alone else self._several()).submit(clips)()

    def close(self) -> None:
        """Give back the compiled networks."""
        self._graph = self._one = self._many = None

    def _submit(self, clips: dict[str, np.ndarray]) -> Callable[[], Outputs]:
        return self._several().submit(clips)

    def _several(self) -> Compiled:
        self._many = self._many or self._compiled()
        return self._many

    def _compiled(self, alone: bool = False) -> Compiled:
        return Compiled(self._graph, self.precision, self.streams, self.outputs, alone)

    def _in_float32(self, network: LoadedNetwork) -> tuple[Path, dict]:
        """The graph's file, and what it was made of; bfloat16 is made of it when it is compiled."""
        model = with_outputs(network, self._graph_outputs)
        made_of = {
            "network": network.record.network,
            "stream": network.record.stream,
            "inputs": {s: list(v.shape) for s, v in zip(self.streams, model.inputs, strict=True)},
            "outputs": list(self._graph_outputs),
            **fingerprint(model),
            "versions": {name: version(name) for name in ("keras-i3d", "keras", "tensorflow")},
        }
        made_of["versions"]["openvino"] = VERSION

        def make(folder: Path) -> dict:
            write_graph(converted(model), folder / GRAPH)
            return {}

        folder, _ = made_once({**made_of, "precision": "float32"}, make)
        return folder / GRAPH, made_of

    def _in_int8(self, exact: Path, made_of: dict, calibration) -> tuple[Path, dict]:
        if calibration is None:
            raise ValueError(
                "precision='int8' should have clips to calibrate on: calibration=clips, such as "
                "calibration_clips(network, videos). Received: none"
            )
        if FEATURES not in self._graph_outputs:
            raise ValueError(
                "precision='int8' needs a network with features, which its check compares. "
                "Received: a network without; use float32 or bfloat16"
            )
        clips = ByStream(calibration, self._by_stream)
        numbers, checked = quantisation.split(len(clips))
        calibrated = {
            "clips_sha256": clips_hash(clips),
            "clips": len(numbers),
            "preset": "MIXED",
            "ranges": "MINMAX",
        }
        made_of = {**made_of, "calibration": calibrated}
        made_of["versions"] = {**made_of["versions"], "nncf": version("nncf")}

        def make(folder: Path) -> dict:
            graph = read_graph(exact)
            inputs = inputs_of(graph, self.streams)
            before = self._answers(graph, "float32", clips, checked)
            low = quantisation.quantised(
                graph, numbers, lambda n: {inputs[s]: clip for s, clip in clips[n].items()}
            )
            found = quantisation.agreement(before, self._answers(low, "int8", clips, checked))
            quantisation.refuse_unlike(found)
            write_graph(low, folder / GRAPH)
            return found

        folder, found = made_once({**made_of, "precision": "int8"}, make)
        return folder / GRAPH, {**made_of, "check": found}

    def _answers(self, graph, precision: str, clips, numbers: list[int]) -> list[Outputs]:
        compiled = Compiled(graph, precision, self.streams, self._graph_outputs, alone=True)
        return [compiled.submit(clips[number])() for number in numbers]


class ByStream(Sequence):
    """Clips as `run` takes them, each by its stream when it is asked for."""

    def __init__(self, clips: Sequence[Clips], by_stream: Callable[[Clips], Mapping]):
        self._clips, self._by_stream = clips, by_stream

    def __len__(self) -> int:
        return len(self._clips)

    def __getitem__(self, number: int) -> Mapping[str, np.ndarray]:
        return self._by_stream(self._clips[number])


def _graph_outputs(network: LoadedNetwork, outputs: tuple[str, ...]) -> tuple[str, ...]:
    """Those asked for, and what int8 is checked by: so one graph serves most of what is asked."""
    record = network.record
    logits = (LOGITS,) if has_layer(network.model, record.logits) else ()
    there = all(has_layer(network.model, layer) for layer in record.features.values())
    return tuple(sorted({*outputs, *logits, *((FEATURES,) if there else ())}))
