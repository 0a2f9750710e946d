"""A network's outputs by name: probabilities, logits, features, and every end point."""

from difflib import get_close_matches

import keras
from keras import layers

from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.layers import HeadPooling3D
from keras_i3d.layers.keras_internals import calls_of, origin

PROBABILITIES, LOGITS, FEATURES = "probabilities", "logits", "features"
POOLINGS = (HeadPooling3D, layers.GlobalAveragePooling3D)


def with_outputs(network: LoadedNetwork, names: tuple[str, ...]) -> keras.Model:
    """Return the network as a model from clips to {name: output}; its layers are shared.

    Args:
        network: from `keras_i3d.load`.
        names: of the outputs:
            "probabilities", "logits": (batch, classes).
            "features": (batch, channels), the record's features layer as the network's own head
                pools it; of a joint network the streams' side by side.
            "rgb_features", "flow_features": those of one stream.
            a layer's name: that layer's output, (batch, time, height, width, channels) of an end
                point such as "Mixed_4f".

    Raises:
        ValueError: when there is no such output; it names those that are like it.
    """
    return keras.Model(
        network.model.input, {name: _output(network, name) for name in names}, name="outputs"
    )


def _output(network: LoadedNetwork, name: str):
    model, features = network.model, network.record.features
    if name in (PROBABILITIES, LOGITS) and has_layer(model, network.record.logits):
        return network.ending_in(name).output
    if name == FEATURES:
        pooled = [pooled_features(model, layer) for layer in features.values()]
        return pooled[0] if len(pooled) == 1 else layers.Concatenate()(pooled)
    stream = name.removesuffix(f"_{FEATURES}")
    if stream != name and stream in features:
        return pooled_features(model, features[stream])
    if has_layer(model, name):
        return model.get_layer(name).output
    known = [PROBABILITIES, LOGITS, FEATURES, *(layer.name for layer in model.layers)]
    near = get_close_matches(name, known, n=3, cutoff=0.4) or known[:3]
    raise ValueError(
        f"outputs should be probabilities, logits, features or layers of {model.name}, such as "
        f"{', '.join(near)}. Received: {name!r}"
    )


def pooled_features(model: keras.Model, name: str):
    """Return (batch, channels): a layer's output as the head pools it, then the mean that is left.

    I3D's head averages 2 x 7 x 7 and then over time: the end steps count half as much as the
    others. Where no pooling follows the layer it is the plain mean.
    """
    if not has_layer(model, name):
        raise ValueError(f"{model.name} should have its record's features layer. Received: {name}")
    output = model.get_layer(name).output
    for layer in model.layers:
        if isinstance(layer, POOLINGS) and origin(calls_of(layer)[0].input_tensors[0]).name == name:
            output = layer.output
    if len(output.shape) == 2:
        return output
    return layers.GlobalAveragePooling3D(data_format="channels_last")(output)


def has_layer(model: keras.Model, name: str) -> bool:
    """Return whether a model has a layer of this name."""
    return any(layer.name == name for layer in model.layers)
