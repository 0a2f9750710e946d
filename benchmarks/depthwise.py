"""DepthwiseConv3D beside what Keras offers: python benchmarks/depthwise.py

Measures, for shapes from MobileNet's and ConvNeXt's stages, the median time of one call of
  ours       DepthwiseConv3D: the sum of depthwise 2D convolutions over the kernel's slices in time;
  dense      Conv3D with a block diagonal kernel, the plain way around the missing operation;
  grouped    Conv3D(groups=channels), which on TensorFlow's CPU Keras compiles with XLA;
in turns, in one process, and prints how many times ours is faster. All three give the same numbers;
the largest difference is printed too.
"""

import statistics
import time

import keras
import numpy as np
import tensorflow as tf

from keras_i3d.layers import DepthwiseConv3D

SHAPES = [  # frames, height and width, channels, kernel
    (8, 56, 32, 3),
    (16, 28, 96, 3),
    (16, 14, 192, 3),
    (8, 14, 96, 7),
]
REPEATS = 9


def main():
    print(
        "frames x size x channels, kernel   ours ms  dense ms  grouped ms  dense/ours  grouped/ours"
    )
    for frames, size, channels, kernel in SHAPES:
        clip = np.random.default_rng(0).normal(size=(1, frames, size, size, channels))
        clip = tf.constant(clip, "float32")
        functions = {name: tf.function(layer) for name, layer in ways(channels, kernel).items()}
        outputs = {name: function(clip).numpy() for name, function in functions.items()}
        largest = max(np.abs(outputs["ours"] - output).max() for output in outputs.values())
        seconds = {name: [] for name in functions}
        for _ in range(REPEATS):
            for name, function in functions.items():
                start = time.perf_counter()
                function(clip).numpy()
                seconds[name].append(time.perf_counter() - start)
        ours, dense, grouped = (1e3 * statistics.median(s) for s in seconds.values())
        print(
            f"{frames:3} x {size:3} x {channels:3}, {kernel}"
            f"{ours:22.2f}{dense:10.2f}{grouped:12.1f}"
            f"{dense / ours:12.1f}{grouped / ours:14.1f}   apart by {largest:.0e}"
        )


def ways(channels, size):
    """The three layers, with the same kernel."""
    ours = DepthwiseConv3D(size, padding="same", use_bias=False)
    dense = keras.layers.Conv3D(channels, size, padding="same", use_bias=False)
    grouped = keras.layers.Conv3D(channels, size, padding="same", groups=channels, use_bias=False)
    for layer in (ours, dense, grouped):
        layer.build((None, None, None, None, channels))
    kernel = keras.ops.convert_to_numpy(ours.kernel)[..., 0]
    dense.kernel.assign(kernel[..., None] * np.eye(channels))
    grouped.kernel.assign(kernel[..., None, :])
    return {"ours": ours, "dense": dense, "grouped": grouped}


if __name__ == "__main__":
    main()
