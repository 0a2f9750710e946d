"""Inception's block of four branches."""

import keras
from keras import layers

from keras_i3d.layers.conv_unit import ConvUnit3D


class Branch3D(layers.Layer):
    """Layers one after the other, under a name that stands in their variables' paths."""

    def __init__(self, parts: list[layers.Layer], **kwargs):
        super().__init__(**kwargs)
        self.parts = parts

    def build(self, input_shape):
        for part in self.parts:
            part.build(input_shape)
            input_shape = part.compute_output_shape(input_shape)

    def call(self, clip, training=None):
        for part in self.parts:
            clip = part(clip, training=training) if isinstance(part, ConvUnit3D) else part(clip)
        return clip


@keras.saving.register_keras_serializable("keras_i3d")
class InceptionBlock3D(layers.Layer):
    """Four branches over one clip, joined along the channels.

    branch 0   1x1x1
    branch 1   1x1x1, 3x3x3
    branch 2   1x1x1, 3x3x3      (as in slim's Inception-v1, 3 where GoogLeNet's paper has 5)
    branch 3   3x3x3 max pool, 1x1x1

    Args:
        branch_0, branch_3: channels of the branch's only convolution.
        branch_1, branch_2: channels of the branch's (1x1x1, 3x3x3) convolutions.

    Input (batch, time, height, width, channels); output has the sum of the branches' last channels.

    Source: kinetics-i3d, i3d.py, end points Mixed_3b to Mixed_5c, whose names the parts carry:
    `Mixed_3b/Branch_0/Conv3d_0a_1x1/conv_3d/kernel` is the path of a variable.
    """

    def __init__(
        self,
        branch_0: int,
        branch_1: tuple[int, int],
        branch_2: tuple[int, int],
        branch_3: int,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.branch_0, self.branch_1 = branch_0, tuple(branch_1)
        self.branch_2, self.branch_3 = tuple(branch_2), branch_3

        shared = {"trainable": self.trainable, "dtype": self.dtype_policy}

        def unit(name, filters, kernel_size):
            return ConvUnit3D(filters, kernel_size, name=name, **shared)

        def branch(name, *parts):
            return Branch3D(list(parts), name=name, **shared)

        pool = layers.MaxPooling3D(
            3,
            strides=1,
            padding="same",
            data_format="channels_last",
            name="MaxPool3d_0a_3x3",
            dtype=self.dtype_policy,
        )
        reduce_1, out_1 = self.branch_1
        reduce_2, out_2 = self.branch_2
        # fmt: off
        self.branches = [
            branch("Branch_0", unit("Conv3d_0a_1x1", branch_0, 1)),
            branch("Branch_1", unit("Conv3d_0a_1x1", reduce_1, 1), unit("Conv3d_0b_3x3", out_1, 3)),
            branch("Branch_2", unit("Conv3d_0a_1x1", reduce_2, 1), unit("Conv3d_0b_3x3", out_2, 3)),
            branch("Branch_3", pool, unit("Conv3d_0b_1x1", branch_3, 1)),
        ]
        # fmt: on

    def build(self, input_shape):
        for branch in self.branches:
            branch.build(input_shape)

    def call(self, clip, training=None):
        joined = [branch(clip, training=training) for branch in self.branches]
        return keras.ops.concatenate(joined, axis=-1)

    def compute_output_shape(self, input_shape):
        channels = self.branch_0 + self.branch_1[-1] + self.branch_2[-1] + self.branch_3
        return (*input_shape[:-1], channels)

    def get_config(self):
        return {
            **super().get_config(),
            "branch_0": self.branch_0,
            "branch_1": self.branch_1,
            "branch_2": self.branch_2,
            "branch_3": self.branch_3,
        }
