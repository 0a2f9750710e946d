"""The residual block of ResNet-50 and deeper, for clips."""

import keras
from keras import layers

from keras_i3d.layers.conv_unit import ConvUnit3D

# The last scale of a block: it starts as its shortcut.
ZERO_GAMMA = {"gamma_initializer": "zeros"}
# SlowFast and PyTorch; Caffe2's epsilon is 1.0000001e-5.
RESNET_NORM = {"momentum": 0.9, "epsilon": 1e-5, "scale": True}
# He et al.'s of ReLUs, over what a kernel gives out: Caffe2's MSRAFill, as SlowFast has it.
MSRA = {
    "class_name": "VarianceScaling",
    "config": {"scale": 2.0, "mode": "fan_out", "distribution": "untruncated_normal"},
}


def resnet_unit(filters: int, kernel_size=1, strides=1, **options) -> ConvUnit3D:
    """Return a unit as ResNets have it: symmetric padding, batch norm with scale, He's start."""
    norm = {**RESNET_NORM, **options.pop("norm", {})}
    options = {"padding": "symmetric", "kernel_initializer": MSRA, **options}
    return ConvUnit3D(filters, kernel_size, strides, norm=norm, **options)


@keras.saving.register_keras_serializable("keras_i3d")
class BottleneckBlock3D(layers.Layer):
    """Three convolutions beside a shortcut, added: ResNet's block, its first kernel over time.

    branch2   taps x 1 x 1, filters; 1 x 3 x 3 with the stride, filters; 1 x 1 x 1, 4 filters
    branch1   the clip itself, or 1 x 1 x 1 with the stride, 4 filters

    Args:
        filters: channels of the two inner convolutions; four times as many come out.
        taps: frames that the first kernel sees: 1 or 3.
        stride: of height and width.
        shortcut: whether branch1 is a convolution; without one the input's shape is the output's.

    Input (batch, time, height, width, channels); output
    (batch, time, ceil(height / stride), ceil(width / stride), 4 filters).

    The last batch norm's scale starts at 0, so that the block starts as its shortcut.

    Source: "Non-local Neural Networks", table 1 and section 4.1; SlowFast, resnet_helper.py, with
    STRIDE_1X1 false; names of the parts as in video-nonlocal-net: `res2_0/branch2a/conv_3d/kernel`.
    """

    def __init__(
        self, filters: int, taps: int = 1, stride: int = 1, shortcut: bool = False, **kwargs
    ):
        super().__init__(**kwargs)
        self.filters, self.taps, self.stride, self.shortcut = filters, taps, stride, shortcut
        shared = {"trainable": self.trainable, "dtype": self.dtype_policy}
        last = {"activation": None, **shared}
        step = (1, stride, stride)
        # fmt: off
        self.branch_2 = [
            resnet_unit(filters, (taps, 1, 1), name="branch2a", **shared),
            resnet_unit(filters, (1, 3, 3), step, name="branch2b", **shared),
            resnet_unit(4 * filters, 1, norm=ZERO_GAMMA, name="branch2c", **last),
        ]
        # fmt: on
        self.branch_1 = []
        if shortcut:
            self.branch_1.append(resnet_unit(4 * filters, 1, step, name="branch1", **last))

    def build(self, input_shape):
        for branch in (self.branch_2, self.branch_1):
            shape = input_shape
            for unit in branch:
                unit.build(shape)
                shape = unit.compute_output_shape(shape)

    def call(self, clip, training=None):
        ends = []
        for branch in (self.branch_2, self.branch_1):
            end = clip
            for unit in branch:
                end = unit(end, training=training)
            ends.append(end)
        return keras.ops.relu(ends[0] + ends[1])

    def compute_output_shape(self, input_shape):
        for unit in self.branch_2:
            input_shape = unit.compute_output_shape(input_shape)
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "taps": self.taps,
            "stride": self.stride,
            "shortcut": self.shortcut,
        }
