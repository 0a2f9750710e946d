"""3D ResNets and C2D, with and without non-local blocks, as one table; networks without weights."""

from dataclasses import dataclass, field

import keras
from keras import layers

from keras_i3d.data.pixels.preprocessing import CHANNELS
from keras_i3d.layers import BottleneckBlock3D, HeadPooling3D, NonLocalBlock3D
from keras_i3d.layers.bottleneck import resnet_unit
from keras_i3d.models.i3d import check_stream, pooled, predictions
from keras_i3d.models.inception_v1 import scaled

HEAD = "Logits"
# Steps of the features that one window of the head averages over: 8 x 224 x 224 gives one.
HEAD_WINDOW = (4, 7, 7)
R50, R101 = (3, 4, 6, 3), (3, 4, 23, 3)
# Frames that the first kernels of a stage's blocks see, in turn; res2 to res5.
IN_TURN = ((3,), (3, 1), (3, 1), (1, 3))
NO_TIME = ((1,), (1,), (1,), (1,))
EVERYWHERE = ((3,), (3,), (3,), (3,))


@dataclass(frozen=True)
class Design:
    """What tells one 3D ResNet from another.

    blocks: of res2 to res5.
    taps: frames that the first kernels of each stage's blocks see, in turn.
    stem: frames that conv1 sees.
    steps: of time, in conv1, pool1 and pool2.
    non_local: in res3 and in res4 a non-local block follows every n-th block; 0: none.
    attention: arguments of the non-local blocks.
    """

    blocks: tuple[int, int, int, int] = R50
    taps: tuple[tuple[int, ...], ...] = IN_TURN
    stem: int = 5
    steps: tuple[int, int, int] = (1, 1, 2)
    non_local: tuple[int, int] = (0, 0)
    attention: dict = field(default_factory=dict)


def mmaction2(**fields) -> Design:
    """Return mmaction2's design: 32 frames come to 4; its non-local blocks pool after phi and g."""
    return Design(steps=(2, 2, 2), **fields)


# Every other block: 2 in res3 and 3 in res4; of ResNet-101, whose res4 is longer, every seventh
# there (video-nonlocal-net, resnet_video.py: layer_mod * 4 - 1). Or ten: every block.
FIVE, TEN = (2, 2), (1, 1)
C2D = {"taps": NO_TIME, "stem": 1}
MM_NON_LOCAL = {"pool_first": False, "scale": False}
DESIGNS = {
    # SlowFast, configs/Kinetics: I3D_8x8_R50, I3D_NLN_8x8_R50, C2D_8x8_R50, C2D_NLN_8x8_R50, and
    # C2D_NOPOOL_8x8_R50, whose weights are published; the others after "Non-local", table 2.
    "i3d_r50": Design(),
    "i3d_r101": Design(R101),
    "nl_i3d_r50": Design(non_local=FIVE),
    "nl10_i3d_r50": Design(non_local=TEN),
    "nl_i3d_r101": Design(R101, non_local=(2, 7)),
    "c2d_r50": Design(**C2D),
    "c2d_nopool_r50": Design(**C2D, steps=(1, 1, 1)),
    "nl_c2d_r50": Design(**C2D, non_local=FIVE),
    # mmaction2, configs/recognition/i3d: 32x2x1, -heavy, and the three -nl.
    "mm_i3d_r50": mmaction2(),
    "mm_i3d_r50_heavy": Design(taps=EVERYWHERE),
    "mm_nl_i3d_r50": mmaction2(non_local=FIVE, attention=MM_NON_LOCAL),
    "mm_nl_dot_i3d_r50": mmaction2(
        non_local=FIVE, attention={"form": "dot_product", **MM_NON_LOCAL}
    ),
    "mm_nl_gaussian_i3d_r50": mmaction2(
        non_local=FIVE, attention={"form": "gaussian", **MM_NON_LOCAL}
    ),
}


def resnet_3d(clip, design: Design, width: int = 64):
    """Apply the trunk, from the input to the last block of res5; shapes are of I3D on 224 pixels.

    Every layer has its name in video-nonlocal-net: conv1, pool1, res2_0, ..., nonlocal3_1, ...

    Args:
        width: channels of conv1, from which all others follow.

    Source: "Non-local Neural Networks", table 1; SlowFast, video_model_builder.py and
    resnet_helper.py: stride in the 3x3, symmetric padding.
    """
    conv_step, pool_step, last_step = design.steps
    every_3, every_4 = design.non_local

    def stage(x, number, width, stride, non_local):
        blocks, taps = design.blocks[number - 2], design.taps[number - 2]
        for n in range(blocks):
            first = n == 0
            x = BottleneckBlock3D(
                width, taps[n % len(taps)], stride if first else 1, first, name=f"res{number}_{n}"
            )(x)
            if non_local and n % non_local == non_local - 1:
                x = NonLocalBlock3D(**design.attention, name=f"nonlocal{number}_{n}")(x)
        return x

    # fmt: off
    x = resnet_unit(width, (design.stem, 7, 7), (conv_step, 2, 2), name="conv1")(clip)
    #                                                                     t, 112, 112,   64
    x = _padded_pool(x, "pool1", (1, 3, 3), (pool_step, 2, 2))          # t,  56,  56,   64
    x = stage(x, 2,     width, 1, 0)                                    # t,  56,  56,  256
    if last_step > 1:
        x = _pool(x, "pool2", (last_step, 1, 1), (last_step, 1, 1))     # t/2, 56, 56,  256
    x = stage(x, 3, 2 * width, 2, every_3)                              # t/2, 28, 28,  512
    x = stage(x, 4, 4 * width, 2, every_4)                              # t/2, 14, 14, 1024
    x = stage(x, 5, 8 * width, 2, 0)                                    # t/2,  7,  7, 2048
    # fmt: on
    return x


def _pool(x, name: str, size, strides):
    return layers.MaxPooling3D(size, strides, data_format="channels_last", name=name)(x)


def _padded_pool(x, name: str, size, strides):
    """The pool of a clip with a border; zeros do, since what comes from a ReLU is never less."""
    border = tuple(n // 2 for n in size)
    x = layers.ZeroPadding3D(border, data_format="channels_last", name=f"{name}_pad")(x)
    return _pool(x, name, size, strides)


def build_resnet_3d(
    network: str,
    stream: str = "rgb",
    include_top: bool = True,
    classes: int = 400,
    input_shape: tuple | None = None,
    input_tensor=None,
    pooling: str | None = None,
    classifier_activation="softmax",
    dropout: float = 0.5,
    width: float = 1.0,
    name: str | None = None,
) -> keras.Model:
    """Return one of DESIGNS with random weights; arguments as in `keras_i3d.NonLocalI3DResNet50`.

    `width` is a factor of all channels between the clip and the classes.
    """
    design = DESIGNS[network]
    clip = _clip(stream, input_shape, input_tensor, least_clip(network))
    x = resnet_3d(clip, design, scaled(64, width))
    if include_top:
        # Of clips of more than one window the original averages the scores, which comes to this.
        x = HeadPooling3D(HEAD_WINDOW, shrinks=True, name="head_pool")(x)
        x = layers.GlobalAveragePooling3D(data_format="channels_last", name="head_mean")(x)
        x = layers.Dropout(dropout, name="dropout")(x)
        start = keras.initializers.RandomNormal(stddev=0.01)
        x = layers.Dense(classes, kernel_initializer=start, name=HEAD)(x)
        x = predictions(x, classifier_activation)
    else:
        x = pooled(x, pooling)
    inputs = clip if input_tensor is None else keras.utils.get_source_inputs(input_tensor)
    return keras.Model(inputs, x, name=name or f"{network}_{stream}")


def least_clip(network: str) -> tuple[int, int, int]:
    """Return the smallest (frames, height, width) that one of DESIGNS takes.

    pool2 wants two of its steps, and the pool of a non-local block two rows and columns of res4,
    of which each stands for 16.
    """
    design = DESIGNS[network]
    conv_step, pool_step, last_step = design.steps
    side = 17 if any(design.non_local) else 1
    return ((last_step - 1) * conv_step * pool_step + 1, side, side)


def _clip(stream: str, input_shape, input_tensor, least):
    """The network's input, checked: (frames, height, width, channels), the first three free."""
    check_stream(stream)
    if input_tensor is not None:
        if input_shape is not None:
            raise ValueError(
                "Give input_shape or input_tensor, not both: the tensor has its shape."
            )
        input_shape = input_tensor.shape[1:]
    channels = CHANNELS[stream]
    shape = (None, None, None, channels) if input_shape is None else tuple(input_shape)
    if len(shape) != 4 or shape[-1] != channels:
        raise ValueError(
            f"input_shape should be (frames, height, width, {channels}) for the {stream} stream, "
            f"without the batch. Received: input_shape={shape}"
        )
    if any(n is not None and n < m for n, m in zip(shape, least, strict=False)):
        raise ValueError(
            f"input_shape should be of at least {least[0]} frames of {least[1]} x {least[2]} "
            f"pixels. Received: input_shape={shape}"
        )
    return keras.Input(shape, name="clip") if input_tensor is None else input_tensor
