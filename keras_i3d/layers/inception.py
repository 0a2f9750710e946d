"""Inception's block of four branches, of I3D's units and of S3D's."""

from collections.abc import Callable
from functools import partial

import keras
from keras import layers

from keras_i3d.layers.conv_unit import ConvUnit3D
from keras_i3d.layers.keras_internals import takes_training
from keras_i3d.layers.separable_unit import SeparableConvUnit3D


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
            clip = part(clip, training=training) if takes_training(part) else part(clip)
        return clip


class _FourBranches(layers.Layer):
    """Four branches over one clip, joined along the channels; a subclass says of which units."""

    def __init__(
        self,
        branch_0: int,
        branch_1: tuple[int, int],
        branch_2: tuple[int, int],
        branch_3: int,
        time: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.time = time
        self.branch_0, self.branch_1 = branch_0, tuple(branch_1)
        self.branch_2, self.branch_3 = tuple(branch_2), branch_3
        self.branches = []

    def make_branches(self, conv: str, reducing: Callable, last: Callable) -> None:
        """Fill `branches`.

        Args:
            conv: how the units' names begin.
            reducing: (filters, kernel_size, name=...) to a unit that another follows.
            last: the same, to a unit at the end of a branch.
        """
        shared = {"trainable": self.trainable, "dtype": self.dtype_policy}

        def reduce(filters):
            return reducing(filters, 1, name=f"{conv}_0a_1x1", **shared)

        def end(filters, kernel_size, place):
            return last(filters, kernel_size, name=f"{conv}_{place}", **shared)

        def branch(name, *parts):
            return Branch3D(list(parts), name=name, **shared)

        pool = layers.MaxPooling3D(
            (3 if self.time else 1, 3, 3),
            strides=1,
            padding="same",
            data_format="channels_last",
            name="MaxPool3d_0a_3x3",
            dtype=self.dtype_policy,
        )
        reduce_1, out_1 = self.branch_1
        reduce_2, out_2 = self.branch_2
        self.branches = [
            branch("Branch_0", end(self.branch_0, 1, "0a_1x1")),
            branch("Branch_1", reduce(reduce_1), end(out_1, 3, "0b_3x3")),
            branch("Branch_2", reduce(reduce_2), end(out_2, 3, "0b_3x3")),
            branch("Branch_3", pool, end(self.branch_3, 1, "0b_1x1")),
        ]

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


@keras.saving.register_keras_serializable("keras_i3d")
class InceptionBlock3D(_FourBranches):
    """Four branches over one clip, joined along the channels.

    branch 0   1x1x1
    branch 1   1x1x1, 3x3x3
    branch 2   1x1x1, 3x3x3      (as in slim's Inception-v1, 3 where GoogLeNet's paper has 5)
    branch 3   3x3x3 max pool, 1x1x1

    Args:
        branch_0, branch_3: channels of the branch's only convolution.
        branch_1, branch_2: channels of the branch's (1x1x1, 3x3x3) convolutions.
        time: without it every 3x3x3 is 1x3x3: each frame is seen by itself.

    Input (batch, time, height, width, channels); output has the sum of the branches' last channels.

    Source: kinetics-i3d, i3d.py, end points Mixed_3b to Mixed_5c, whose names the parts carry:
    `Mixed_3b/Branch_0/Conv3d_0a_1x1/conv_3d/kernel` is the path of a variable.
    """

    def __init__(self, branch_0, branch_1, branch_2, branch_3, time: bool = True, **kwargs):
        super().__init__(branch_0, branch_1, branch_2, branch_3, time, **kwargs)

        def unit(filters, kernel_size, **shared):
            extent = (kernel_size if time else 1, kernel_size, kernel_size)
            return ConvUnit3D(filters, extent, **shared)

        self.make_branches("Conv3d", unit, unit)

    def get_config(self):
        return {**super().get_config(), "time": self.time}


@keras.saving.register_keras_serializable("keras_i3d")
class SeparableInceptionBlock3D(_FourBranches):
    """The block of S3D and S3D-G: 3x3x3 is 1x3x3, then 3x1x1, and each branch may end in a gate.

    Args:
        branch_0, branch_1, branch_2, branch_3: channels, as for `InceptionBlock3D`.
        kind: of the units, as for `SeparableConvUnit3D`.
        temporal: whether the 3x1x1 are there.
        gating: whether the gates are there.

    Source: slim, nets/i3d_utils.py, inception_block_v1_3d; torchvision, models/video/s3d.py,
    SepInceptionBlock3D. The parts have slim's names, as `Mixed_3b/Branch_1/Conv2d_0b_3x3`.
    """

    def __init__(
        self,
        branch_0,
        branch_1,
        branch_2,
        branch_3,
        kind: str = "slim",
        temporal: bool = True,
        gating: bool = False,
        **kwargs,
    ):
        super().__init__(branch_0, branch_1, branch_2, branch_3, **kwargs)
        self.kind, self.temporal, self.gating = kind, temporal, gating

        def unit(filters, kernel_size, gating=False, **shared):
            in_time = temporal and kernel_size > 1
            return SeparableConvUnit3D(filters, kernel_size, 1, kind, in_time, gating, **shared)

        self.make_branches("Conv2d", unit, partial(unit, gating=gating))

    def get_config(self):
        return {
            **super().get_config(),
            "kind": self.kind,
            "temporal": self.temporal,
            "gating": self.gating,
        }
