"""A network that must tell flow besides: the loss of a decoder at one of its end points."""

from dataclasses import dataclass

import keras
import tensorflow as tf

from keras_i3d.data.pixels.preprocessing import Preprocessing
from keras_i3d.models.flow_decoder import decode_clip
from keras_i3d.models.flow_grid import coarser
from keras_i3d.training.distillation import Batch, output_of
from keras_i3d.training.flow_forward import mean_error, true_flow


@dataclass(frozen=True)
class FlowReconstruction:
    """The end-point error of the flow that a decoder tells from the student, as a `Term`.

    Unlike a decoder that measures, this one changes the student: its gradient goes on into it. The
    decoder is left out of the saved network.

    end_point: of the student. decoder: "simple", "spatial" or "pwc".
    spec: the preprocessing of the flow stream, which is in pixels of the input thereafter.
    weight: in the sum, of pixels.
    """

    end_point: str
    spec: Preprocessing
    decoder: str = "spatial"
    weight: float = 1.0
    taught: None = None

    @property
    def name(self) -> str:
        """Return the loss's name."""
        return f"flow_{self.end_point}"

    def attach(self, student: keras.Model, teacher: keras.Model | None):
        """Return the flow that the decoder tells, at the end point's own resolution.

        Raises:
            ValueError: when the student has no such end point, or it is not of clips.
        """
        features = output_of(student, self.end_point)
        if len(features.shape) != 5:
            raise ValueError(
                f"flow_at should name an end point of (batch, time, height, width, channels). "
                f"Received: {self.end_point}, of {tuple(features.shape)}"
            )
        return decode_clip(self.decoder, features, f"{self.end_point}_{self.decoder}")

    def losses(self, batch: Batch) -> tf.Tensor:
        """Return the mean end-point error of each example, in pixels of the input."""
        told = batch.student[self.name]
        return mean_error(told, coarser(true_flow(batch.inputs, self.spec), told.shape[1:4]))
