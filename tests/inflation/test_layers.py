"""The layers that inflation needs: index arithmetic, and convolution by definition."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_i3d.inflation.geometry import frames_seen, window
from keras_i3d.layers import (
    ClipConv3D,
    ClipConv3DTranspose,
    ClipMaxPooling3D,
    ClipUpSampling3D,
    DepthwiseConv3D,
    FlattenClip,
    PerFrame,
    RepeatInTime,
    SeparableConv3D,
)
from keras_i3d.layers.time_padding import pad_time, time_padding

RANDOM = np.random.default_rng(0)


def numpy(x):
    return keras.ops.convert_to_numpy(x)


def frames_of(values, channels=1):
    """A clip of one pixel a frame."""
    return np.repeat(np.array(values, "float32").reshape(1, -1, 1, 1, 1), channels, axis=-1)


@given(st.integers(1, 9), st.integers(1, 5), st.integers(1, 40))
def test_padding_gives_as_many_windows_as_strides(kernel, stride, frames):
    before, after = time_padding(kernel, stride)
    assert before >= 0 <= after
    assert (frames + before + after - kernel) // stride + 1 == -(-frames // stride)


@given(st.integers(1, 9), st.integers(1, 5), st.integers(1, 8))
def test_padding_is_tensorflows_on_multiples_of_the_stride(kernel, stride, steps):
    before, _ = time_padding(kernel, stride)
    assert before == max((steps - 1) * stride + kernel - steps * stride, 0) // 2


def test_padding_drawn():
    clip = frames_of([1, 2, 3])
    assert numpy(pad_time(clip, 1, 2, "zero")).ravel().tolist() == [0, 1, 2, 3, 0, 0]
    assert numpy(pad_time(clip, 1, 2, "replicate")).ravel().tolist() == [1, 1, 2, 3, 3, 3]


def one_tap_at_a_time(layer, taps):
    """Responses to the kernels 1 0 0…, 0 1 0…: which frame each slice looks at."""
    clip = frames_of(range(1, 8))
    layer.build(clip.shape)
    answers = []
    for tap in range(taps):
        kernel = np.zeros(tuple(layer.kernel.shape))
        kernel[tap] = 1
        layer.kernel.assign(kernel)
        answers.append(numpy(layer(clip)).ravel().astype(int))
    return np.stack(answers, axis=1)


@pytest.mark.parametrize("mode", ["zero", "replicate"])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("taps", [1, 2, 3, 5])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_every_convolution_looks_where_the_geometry_says(taps, stride, mode, padding):
    """frames_seen is arithmetic alone; the layers must agree with it, frame by frame."""
    size, strides = (taps, 1, 1), (stride, 1, 1)
    options = {"strides": strides, "padding": padding, "use_bias": False, "temporal_padding": mode}
    for layer in (ClipConv3D(1, size, **options), DepthwiseConv3D(size, **options)):
        came = one_tap_at_a_time(layer, taps)
        seen = frames_seen(window(layer), 7)
        wanted = seen.clip(0, 6) + 1
        if mode == "zero":
            wanted = np.where((seen < 0) | (seen > 6), 0, wanted)
        np.testing.assert_array_equal(came, wanted)


def test_replicate_changes_nothing_but_the_border():
    clip = RANDOM.normal(size=(1, 9, 6, 6, 2)).astype("float32")
    zero = ClipConv3D(3, 3, strides=2, padding="same", temporal_padding="zero")
    same = ClipConv3D(3, 3, strides=2, padding="same", temporal_padding="replicate")
    plain = keras.layers.Conv3D(3, 3, strides=2, padding="same")
    for layer in (zero, same, plain):
        layer.build(clip.shape)
        layer.set_weights(zero.get_weights())
    np.testing.assert_allclose(numpy(zero(clip)), numpy(plain(clip)), atol=1e-5)
    np.testing.assert_allclose(numpy(same(clip))[:, 1:-1], numpy(plain(clip))[:, 1:-1], atol=1e-5)
    assert np.abs(numpy(same(clip)) - numpy(plain(clip)))[:, 0].max() > 0.01


def test_padding_in_space_before_padding_in_time_is_not_lost_in_graphs():
    """TensorFlow with oneDNN merges both into the convolution, and forgets the first."""
    for stride in (1, 2):
        model = keras.Sequential(
            [
                keras.Input((4, 8, 8, 2)),
                keras.layers.ZeroPadding3D(((0, 0), (0, 1), (0, 1))),
                ClipConv3D(3, 3, strides=stride),
            ]
        )
        clip = RANDOM.normal(size=(2, 4, 8, 8, 2)).astype("float32")
        np.testing.assert_allclose(model.predict(clip, verbose=0), numpy(model(clip)), atol=1e-5)


def block_diagonal(kernel):
    """(t, h, w, c, m) of a depthwise kernel to (t, h, w, c, c * m) of a plain one."""
    *size, channels, multiplier = kernel.shape
    dense = np.zeros((*size, channels, channels * multiplier), kernel.dtype)
    for c in range(channels):
        dense[..., c, c * multiplier : (c + 1) * multiplier] = kernel[..., c, :]
    return dense


@settings(max_examples=12, deadline=None)
@given(
    st.sampled_from([(3, 3, 3), (1, 3, 3), (2, 3, 3), (5, 1, 3)]),
    st.sampled_from([1, 2]),
    st.integers(1, 3),
    st.sampled_from(["same", "valid"]),
)
def test_depthwise_is_a_convolution_with_a_block_diagonal_kernel(size, stride, multiplier, padding):
    clip = RANDOM.normal(size=(2, 6, 7, 7, 3)).astype("float32")
    layer = DepthwiseConv3D(size, stride, padding, multiplier, use_bias=False)
    plain = ClipConv3D(3 * multiplier, size, strides=stride, padding=padding, use_bias=False)
    grouped = ClipConv3D(
        3 * multiplier, size, strides=stride, padding=padding, use_bias=False, groups=3
    )
    for one in (layer, plain, grouped):
        one.build(clip.shape)
    kernel = numpy(layer.kernel)
    plain.kernel.assign(block_diagonal(kernel))
    grouped.kernel.assign(kernel.reshape(*size, 1, 3 * multiplier))
    wanted = numpy(plain(clip))
    np.testing.assert_allclose(numpy(layer(clip)), wanted, atol=1e-5)
    np.testing.assert_allclose(numpy(grouped(clip)), wanted, atol=1e-5)


def test_groups_are_convolutions_side_by_side():
    clip = RANDOM.normal(size=(1, 4, 5, 5, 6)).astype("float32")
    grouped = ClipConv3D(4, 3, padding="same", groups=2, use_bias=False)
    grouped.build(clip.shape)
    kernel = numpy(grouped.kernel)
    halves = [
        keras.ops.conv(clip[..., 3 * g : 3 * g + 3], kernel[..., 2 * g : 2 * g + 2], padding="same")
        for g in range(2)
    ]
    wanted = np.concatenate([numpy(h) for h in halves], axis=-1)
    np.testing.assert_allclose(numpy(grouped(clip)), wanted, atol=1e-5)


def test_separable_is_depthwise_then_pointwise():
    clip = RANDOM.normal(size=(1, 4, 6, 6, 2)).astype("float32")
    layer = SeparableConv3D(3, 3, depth_multiplier=2, activation="relu")
    layer.build(clip.shape)
    depthwise = DepthwiseConv3D(3, depth_multiplier=2, use_bias=False)
    depthwise.build(clip.shape)
    depthwise.kernel.assign(layer.kernel)
    layer.bias.assign([0.1, -0.1, 0.2])
    sums = numpy(depthwise(clip)) @ numpy(layer.pointwise_kernel)[0, 0, 0] + numpy(layer.bias)
    np.testing.assert_allclose(numpy(layer(clip)), np.maximum(sums, 0), atol=1e-5)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("taps", "stride"), [(2, 2), (4, 2), (3, 1), (3, 3)])
def test_transposed_multiplies_time_and_keeps_still_clips_still(taps, stride, padding):
    layer = ClipConv3DTranspose(
        1, (taps, 1, 1), "replicate", strides=(stride, 1, 1), padding=padding, use_bias=False
    )
    clip = frames_of([5] * 3)
    layer.build(clip.shape)
    layer.kernel.assign(np.full((taps, 1, 1, 1, 1), stride / taps))
    came = numpy(layer(clip)).ravel()
    np.testing.assert_allclose(came, [5] * (3 * stride), rtol=1e-6)


def test_the_smaller_layers_by_hand():
    clip = frames_of([1, 5, 2])
    assert numpy(ClipMaxPooling3D((2, 1, 1))(clip)).ravel().tolist() == [5, 2]
    assert numpy(FlattenClip()(frames_of([1, 5, 3], channels=2))).tolist() == [[3, 3]]
    assert numpy(RepeatInTime()([frames_of([4]), clip])).ravel().tolist() == [4, 4, 4]
    up = ClipUpSampling3D((2, 1, 3), interpolation="bilinear")
    assert numpy(up(clip)).shape == (1, 6, 1, 3, 1)
    assert numpy(up(clip))[0, :, 0, 0, 0].tolist() == [1, 1, 5, 5, 2, 2]
    largest = PerFrame(keras.layers.GlobalMaxPooling2D())
    assert numpy(largest(clip)).tolist() == [[[1], [5], [2]]]


def test_errors_name_the_layer_and_what_came():
    with pytest.raises(ValueError, match="stem: temporal_padding.*'reflect'"):
        ClipConv3D(1, 3, "reflect", name="stem")
    with pytest.raises(ValueError, match="dilation_rate should be 1 in time"):
        DepthwiseConv3D(3, dilation_rate=2)
    with pytest.raises(ValueError, match="unknown height and width"):
        FlattenClip()(keras.Input((None, None, 4, 2)))
