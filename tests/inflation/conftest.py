"""Networks with random weights everywhere, so that nothing is right by being zero or one."""

import keras
import numpy as np


def randomise(model, seed=0):
    """Random kernels that keep the size of activations, and random statistics; the model itself."""
    random = np.random.default_rng(seed)
    for variable in model.weights:
        name, shape = variable.path.rsplit("/", 1)[-1], tuple(variable.shape)
        if not variable.dtype.startswith("float"):
            continue
        if "variance" in name:
            values = random.uniform(0.5, 1.5, shape)
        elif "kernel" in name:
            depthwise = "depthwise" in variable.path and "pointwise" not in name
            fan_in = np.prod(shape[:2] if depthwise else shape[:-1])
            values = random.normal(size=shape) * (2 / fan_in) ** 0.5
        else:
            values = random.normal(size=shape) * 0.1 + ("gamma" in name)
        variable.assign(values)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization) and layer.weights:
            layer.finalize_state()
    return model


def inputs_for(model, seed=1):
    """A batch of two random examples for each input of a 2D network."""
    random = np.random.default_rng(seed)
    arrays = [random.normal(size=(2, *t.shape[1:])).astype("float32") for t in model.inputs]
    return arrays[0] if len(arrays) == 1 else arrays


def still_clip(image, frames):
    return np.repeat(image[:, None], frames, axis=1)
