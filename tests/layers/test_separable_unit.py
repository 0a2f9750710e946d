"""S3D's unit and its gate, worked out with NumPy from their own arrays."""

import keras
import numpy as np
import pytest

from keras_i3d.layers import FeatureGating, SeparableConvUnit3D


def numpy(x):
    return keras.ops.convert_to_numpy(x)


def randomised(layer, shape):
    """The layer, built, with random values in every variable; variances are positive."""
    layer.build((None, *shape[1:]))
    rng = np.random.default_rng(0)
    for variable in layer.weights:
        positive = variable.path.endswith(("variance", "gamma"))
        draw = (
            rng.uniform(0.5, 1.5, variable.shape) if positive else rng.normal(size=variable.shape)
        )
        variable.assign(draw)
    return {v.path.split("/", 1)[-1]: numpy(v).astype(np.float64) for v in layer.weights}


def convolved(clip, kernel, axis, before, strides):
    """Sums over one axis of a clip (t, h, w, c), kernel (k, c, o), zeros around."""
    k = len(kernel)
    clip = np.moveaxis(clip, axis, 0)
    count = -(-len(clip) // strides)
    padded = np.zeros((before + len(clip) + k, *clip.shape[1:]))
    padded[before : before + len(clip)] = clip
    steps = [sum(padded[i * strides + tap] @ kernel[tap] for tap in range(k)) for i in range(count)]
    return np.moveaxis(np.stack(steps), 0, axis)


def normed(x, arrays, half):
    norm = {k.rsplit("/", 1)[1]: v for k, v in arrays.items() if f"{half}/batch_norm/" in k}
    spread = np.sqrt(norm["moving_variance"] + 1e-3)
    return (x - norm["moving_mean"]) / spread * norm.get("gamma", 1) + norm["beta"]


CLIP = np.random.default_rng(1).normal(size=(1, 6, 1, 4, 2)).astype(np.float32)


def spatial_kernel(arrays):
    """The row through the centre: of one row of pixels the others meet zeros alone."""
    return arrays["spatial/conv_3d/kernel"][0, 1]


def test_slims_unit_is_bias_behind_time_and_no_batch_norm():
    unit = SeparableConvUnit3D(3, 3, name="unit")
    arrays = randomised(unit, CLIP.shape)
    x = convolved(CLIP[0].astype(np.float64), spatial_kernel(arrays), 2, 1, 1)
    x = np.maximum(normed(x, arrays, "spatial"), 0)
    x = convolved(x, arrays["temporal/conv_3d/kernel"][:, 0, 0], 0, 1, 1)
    wanted = np.maximum(x + arrays["temporal/conv_3d/bias"], 0)
    np.testing.assert_allclose(numpy(unit(CLIP))[0], wanted, atol=1e-5)


def test_torchvisions_unit_is_batch_norm_with_scale_behind_both_and_pads_alike_on_both_sides():
    unit = SeparableConvUnit3D(3, 3, 2, "torchvision", name="unit")
    arrays = randomised(unit, CLIP.shape)
    x = convolved(CLIP[0].astype(np.float64), spatial_kernel(arrays), 2, 1, 2)
    x = np.maximum(normed(x, arrays, "spatial"), 0)
    x = convolved(x, arrays["temporal/conv_3d/kernel"][:, 0, 0], 0, 1, 2)
    wanted = np.maximum(normed(x, arrays, "temporal"), 0)
    np.testing.assert_allclose(numpy(unit(CLIP))[0], wanted, atol=1e-5)


@pytest.mark.parametrize("use_bias", [False, True])
def test_a_gate_is_the_sigmoid_of_the_mixed_means(use_bias):
    gating = FeatureGating(use_bias, name="gating")
    arrays = randomised(gating, CLIP.shape)
    means = CLIP.astype(np.float64).mean(axis=(1, 2, 3))
    opened = means @ arrays["transformer_W/kernel"] + arrays.get("transformer_W/bias", 0)
    wanted = CLIP / (1 + np.exp(-opened))[:, None, None, None]
    np.testing.assert_allclose(numpy(gating(CLIP)), wanted, atol=1e-6)


def test_a_gated_unit_gates_what_its_halves_give():
    unit = SeparableConvUnit3D(3, 3, gating=True)
    randomised(unit, CLIP.shape)
    halves = unit.temporal(unit.spatial(CLIP))
    np.testing.assert_array_equal(numpy(unit(CLIP)), numpy(unit.self_gating(halves)))


def test_a_gate_of_large_features_does_not_overflow_float16():
    """The sum of 2 x 40 x 40 values of 100 is beyond float16."""
    gating = FeatureGating(dtype="mixed_float16")
    clip = np.full((1, 2, 40, 40, 2), 100, np.float16)
    came = numpy(gating(clip))
    assert np.isfinite(came).all()
    assert came.dtype == np.float16


def test_slims_temporal_half_starts_as_the_identity():
    unit = SeparableConvUnit3D(3, 3)
    unit.build((None, 6, 1, 4, 2))
    halfway = numpy(unit.spatial(CLIP))
    assert halfway.max() > 0
    np.testing.assert_allclose(numpy(unit(CLIP)), halfway, atol=1e-7)


def test_slims_kernels_start_within_two_hundredths():
    """A normal of deviation 0.01 cut at two: 0.88 of it is left."""
    unit = SeparableConvUnit3D(64, 3, gating=True)
    unit.build((None, None, None, None, 50))
    for kernel in (unit.spatial.conv_3d.kernel, unit.self_gating.transformer_w.kernel):
        assert np.abs(numpy(kernel)).max() <= 0.02
        assert numpy(kernel).std() == pytest.approx(0.0088, rel=0.02)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match=r"kind should be one of \('slim', 'torchvision'\)"):
        SeparableConvUnit3D(3, kind="caffe")
