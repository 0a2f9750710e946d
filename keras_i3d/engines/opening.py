"""Opens an engine for a network: the one place that knows which engines there are."""

from collections.abc import Sequence
from dataclasses import replace

import keras

from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.engines.interface import ENGINES, Clips, Engine
from keras_i3d.engines.keras_engine import KerasEngine
from keras_i3d.engines.network_outputs import PROBABILITIES
from keras_i3d.models.catalogue import NETWORKS
from keras_i3d.models.catalogue import network as record_of_network
from keras_i3d.weights.trained import record_of


def open(
    network: LoadedNetwork | keras.Model,
    *,
    outputs: Sequence[str] = (PROBABILITIES,),
    engine: str = "keras",
    precision: str = "float32",
    calibration: Sequence[Clips] | None = None,
    model: str | None = None,
    stream: str = "rgb",
) -> Engine:
    """Open an engine that computes named outputs of a network's clips.

    Args:
        network: from `keras_i3d.load`, or a Keras model such as `keras_i3d.I3D()`.
        outputs: "probabilities", "logits", "features" (as the network's head pools them, (batch,
            channels)), or the name of any layer, such as "Mixed_4f".
        engine: "keras", the model as it is, or "openvino", faster on a CPU.
        precision: what it computes in: "float32"; of openvino also "bfloat16" or "int8".
        calibration: clips as `Engine.run` takes them, for int8, which takes its ranges from two
            thirds of them and is checked on the others; such as `calibration_clips` gives.
        model, stream: of a Keras model, which network of the catalogue it is; by default what its
            name says.

    Raises:
        ValueError: when there is no such engine, precision, output or network.
        EngineError: the engine cannot be made, or int8 is too far from float32.
        ImportError: a package that the engine needs is not installed; says which.
    """
    outputs = (outputs,) if isinstance(outputs, str) else tuple(dict.fromkeys(outputs))
    if engine not in ENGINES:
        raise ValueError(f"engine should be one of {', '.join(ENGINES)}. Received: {engine!r}")
    if precision not in ENGINES[engine]:
        raise ValueError(
            f"precision should be one of {', '.join(ENGINES[engine])} for the {engine} engine. "
            f"Received: {precision!r}"
        )
    if not outputs:
        raise ValueError("outputs should name at least one output. Received: none")
    if isinstance(network, keras.Model):
        network = _with_record(network, model, stream)
    if engine == "keras":
        return KerasEngine(network, outputs)
    from keras_i3d.engines.openvino_engine import OpenVINOEngine  # an extra

    return OpenVINOEngine(network, outputs, precision, calibration)


def _with_record(model: keras.Model, name: str | None, stream: str) -> LoadedNetwork:
    """A bare Keras model and the record of the catalogue's network that it is."""
    if name is None:
        named = {
            one.name if one.joint else f"{one.name}_{s}": (one.name, s)
            for one in NETWORKS.values()
            for s in one.streams
        }
        if model.name not in named:
            raise ValueError(
                f"model should say which network of the catalogue {model.name!r} is, one of "
                f"{', '.join(NETWORKS)}. Received: model=None"
            )
        name, stream = named[model.name]
    of = record_of_network(name)
    stream = "both" if of.joint else stream
    record = record_of(of, stream, of.seen(stream), ())
    return LoadedNetwork(model, replace(record, output=_ending(model)), model.name)


def _ending(model: keras.Model) -> str:
    """What a model ends in, by its last layer's activation."""
    activation = getattr(model.layers[-1], "activation", None)
    name = getattr(activation, "__name__", "")
    return name if name in ("softmax", "sigmoid") else "logits"
