"""The flow loss: a decoder beside the head, so that features are asked for motion while they learn.

Stroud et al., "D3D", 2018, found it to help less than distillation.
"""

from dataclasses import dataclass

import keras
import tensorflow as tf

from keras_i3d.data.pixels.preprocessing import Preprocessing
from keras_i3d.models.flow_decoder import decode_clip
from keras_i3d.models.flow_grid import coarser
from keras_i3d.training.distillation import Batch, output_of
from keras_i3d.training.flow_forward import mean_error, true_flow
from keras_i3d.training.flow_settings import ITSELF


@dataclass(frozen=True)
class FlowReconstruction:
    """The end-point error of the flow that a decoder tells from an end point of the student.

    In pixels of the input, against the mean flow of each of the end point's cells. The decoder
    learns along, and is left out of the saved network. A term of `distillation.Distillation`.

    end_point: of the student, such as "Mixed_4f".
    spec: of the flow among the batch's inputs.
    decoder: "simple", "spatial" or "pwc"; "itself" where the end point is flow in pixels already.
    weight: in the sum of losses.
    """

    end_point: str
    spec: Preprocessing
    decoder: str = "pwc"
    weight: float = 1.0
    taught: None = None

    @property
    def name(self) -> str:
        """Return the loss's name."""
        return f"flow_{self.end_point}"

    def attach(self, student: keras.Model, teacher: keras.Model | None):
        """Return the decoded flow.

        Raises:
            ValueError: when the student has no such end point, or nothing can be decoded from it.
        """
        features = output_of(student, self.end_point)
        if len(features.shape) != 5 or (self.decoder == ITSELF and features.shape[-1] != 2):
            wanted = "2" if self.decoder == ITSELF else "channels"
            raise ValueError(
                f"flow_loss should name an end point of (batch, time, height, width, {wanted}). "
                f"Received: {self.end_point}, which gives {features.shape}"
            )
        if self.decoder == ITSELF:
            return features
        return decode_clip(self.decoder, features, f"{self.name}_{self.decoder}")

    def losses(self, batch: Batch) -> tf.Tensor:
        """Return the mean end-point error of each example."""
        found = batch.student[self.name]
        return mean_error(found, coarser(true_flow(batch.inputs, self.spec), found.shape[1:4]))

    def check(self, found: tuple, wanted: tuple) -> None:
        """Accept all: no teacher is wanted."""
