"""What a network computes for one clip, counted in TensorFlow's graph; papers call it FLOPs."""

import math

import keras
import tensorflow as tf


def multiply_adds(model: keras.Model, clips) -> int:
    """Return those of all convolutions and matrix products of one call, at inference.

    Of the LSTM's recurrence, a loop of its own, there are none: some 26 million in ConvNet+LSTM.

    Args:
        model: a functional model.
        clips: its input, an array or {stream: array}.
    """
    specs = keras.tree.map_structure(lambda x: tf.TensorSpec(x.shape, tf.float32), clips)
    graph = tf.function(lambda x: model(x, training=False)).get_concrete_function(specs).graph
    total = 0
    for operation in graph.get_operations():
        kind = operation.type
        if kind in ("Conv2D", "Conv3D", "DepthwiseConv2dNative"):
            *extent, into, _ = operation.inputs[1].shape
            each = math.prod(extent) * (1 if kind.startswith("Depthwise") else into)
        elif "MatMul" in kind:
            transposed = operation.get_attr("transpose_a" if kind == "MatMul" else "adj_x")
            each = operation.inputs[0].shape[-2 if transposed else -1]
        else:
            continue
        total += math.prod(operation.outputs[0].shape) * each
    return total
