"""Mean over time, then flatten: what a Dense layer made for images can take."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("keras_i3d")
class FlattenClip(layers.Layer):
    """(batch, time, ...) to (batch, values of one frame), the mean over time."""

    def call(self, clip):
        frame = ops.mean(clip, axis=1)
        return ops.reshape(frame, (-1, self.compute_output_shape(clip.shape)[1]))

    def compute_output_shape(self, input_shape):
        if None in input_shape[2:]:
            raise ValueError(
                f"{self.name}: a clip of unknown height and width cannot be flattened. Received: "
                f"{tuple(input_shape)}. Build the network with a fixed input size."
            )
        values = 1
        for size in input_shape[2:]:
            values *= size
        return (input_shape[0], values)
