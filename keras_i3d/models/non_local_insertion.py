"""Non-local blocks put into a network that is there already."""

from collections.abc import Sequence

import keras

from keras_i3d.layers import NonLocalBlock3D
from keras_i3d.models.folding import copied_layer
from keras_i3d.shown_options import options_of


@options_of(NonLocalBlock3D)
def insert_non_local(model: keras.Model, after: Sequence[str], **options) -> keras.Model:
    """Return the network with a non-local block after each of some layers.

    The scale of a new block is 0: the network says what it said, until it is trained.

    Args:
        model: a functional network of clips; its weights are copied, it stays as it is.
        after: names of layers that give (batch, time, height, width, channels).
        options: of `NonLocalBlock3D`, such as form="dot_product".

    Returns:
        A new functional model; after the layer "Mixed_4b" comes the block "nonlocal_Mixed_4b".

    Raises:
        ValueError: when there is no such layer, or it does not give clips.

    Example:
        insert_non_local(keras_i3d.I3D(), after=["Mixed_3c", "Mixed_4d", "Mixed_4f"])

    Source: Wang et al., "Non-local Neural Networks", section 4.1.
    """
    names = [layer.name for layer in model.layers]
    if unknown := sorted(set(after) - set(names)):
        raise ValueError(f"after should name layers of {model.name}. Received: {unknown}")
    for name in after:
        output = model.get_layer(name).output
        if len(getattr(output, "shape", ())) != 5:
            raise ValueError(
                f"after should name layers that give (batch, time, height, width, channels). "
                f"Received: {name!r}, which does not"
            )
    blocks = {name: NonLocalBlock3D(**options, name=f"nonlocal_{name}") for name in after}

    def called(layer, *args, **kwargs):
        output = layer(*args, **kwargs)
        return blocks[layer.name](output) if layer.name in blocks else output

    extended = keras.models.clone_model(model, clone_function=copied_layer, call_function=called)
    arrays = {variable.path: keras.ops.convert_to_numpy(variable) for variable in model.weights}
    for variable in extended.weights:
        if variable.path in arrays:
            variable.assign(arrays[variable.path])
    return extended
