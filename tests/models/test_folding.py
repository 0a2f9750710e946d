"""A network whose batch norm is folded answers what it answered, in fewer steps."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_i3d
from keras_i3d.layers import ConvUnit3D, NonLocalBlock3D
from keras_i3d.layers.keras_internals import all_layers
from keras_i3d.models.folding import fold_batch_norm
from keras_i3d.models.i3d import build_i3d, build_two_stream_i3d


def as_if_trained(model):
    """Every batch norm's numbers drawn: means, variances and shifts far from those at first."""
    draw = np.random.default_rng(0)
    for part in all_layers(model):
        if isinstance(part, layers.BatchNormalization):
            for variable in part.weights:
                low, high = (0.3, 3) if "variance" in variable.path else (-1, 1)
                low = 0.3 if "gamma" in variable.path else low
                variable.assign(draw.uniform(low, high, variable.shape))
    return model


def norms(model):
    return [p for p in all_layers(model) if isinstance(p, layers.BatchNormalization)]


def same(model, clip):
    folded = fold_batch_norm(as_if_trained(model))
    assert norms(folded) == []
    before, after = model.predict_on_batch(clip), folded.predict_on_batch(clip)
    assert np.abs(before).max() > 1e-3
    np.testing.assert_allclose(after, before, rtol=1e-3, atol=1e-5 * np.abs(before).max())
    return folded


def test_a_unit_by_hand():
    clip = keras.Input((None, None, None, 1))
    model = keras.Model(clip, ConvUnit3D(1, 1, activation=None, name="unit")(clip))
    unit = model.get_layer("unit")
    unit.conv_3d.kernel.assign(np.full((1, 1, 1, 1, 1), 6.0))
    unit.batch_norm.moving_mean.assign([5.0])
    unit.batch_norm.moving_variance.assign([4 - 1e-3])  # and epsilon is 4: divided by 2
    unit.batch_norm.beta.assign([0.25])
    folded = fold_batch_norm(model)
    kernel, bias = folded.get_layer("unit").conv_3d.get_weights()
    assert kernel.item() == pytest.approx(3)  # 6 / 2
    assert bias.item() == pytest.approx(-2.25)  # 0.25 - 5 / 2
    assert model.get_layer("unit").batch_norm is not None


def test_i3d_keeps_its_answers_and_its_names():
    model = build_i3d(classes=7, dropout=0, classifier_activation=None)
    clip = np.random.default_rng(0).uniform(-1, 1, (1, 9, 193, 193, 3)).astype(np.float32)
    folded = same(model, clip)
    kernels = [v.path for v in model.weights if "kernel" in v.path]
    assert [v.path for v in folded.weights if "kernel" in v.path] == kernels
    # 57 units of batch norm, 3 numbers a channel, become a bias each.
    assert len(kernels) == 58
    assert len(folded.weights) == 2 * len(kernels)
    assert folded.get_layer("Mixed_5c").output.shape == model.get_layer("Mixed_5c").output.shape
    with pytest.raises(ValueError, match="no batch norm to fold"):
        fold_batch_norm(folded)


def test_in_float64_nothing_but_the_last_digits_change():
    """What folding changes in float32 is rounding, which sharp attention may enlarge."""
    clip = keras.Input((4, 6, 6, 2), dtype="float64")
    x = ConvUnit3D(8, 3, dtype="float64", name="unit")(clip)
    x = NonLocalBlock3D(sub_sample=None, dtype="float64", name="block")(x)
    model = as_if_trained(keras.Model(clip, x))
    values = np.random.default_rng(0).normal(0, 3, (2, 4, 6, 6, 2))
    before, after = model(values), fold_batch_norm(model)(values)
    assert keras.backend.standardize_dtype(after.dtype) == "float64"
    assert np.abs(before).max() > 1
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-11 * np.abs(before).max())


@pytest.mark.slow
def test_two_streams_do_not_mix():
    model = as_if_trained(build_two_stream_i3d(classes=3, dropout=0))
    folded = fold_batch_norm(model)
    for name in ("RGB_Conv3d_1a_7x7", "Flow_Conv3d_1a_7x7"):
        unit, norm = folded.get_layer(name), model.get_layer(name).batch_norm
        scale = 1 / np.sqrt(norm.moving_variance.numpy() + 1e-3)
        kernel = model.get_layer(name).conv_3d.kernel.numpy() * scale
        np.testing.assert_allclose(unit.conv_3d.kernel.numpy(), kernel, rtol=1e-6)


def test_a_convolution_and_a_batch_norm_of_a_functional_model_by_hand():
    model = chain(layers.Conv3D(1, 1), norm(epsilon=1e-3), layers.Activation("relu"))
    conv, batch_norm = model.layers[1:3]
    conv.set_weights([np.full((1, 1, 1, 3, 1), 6.0), np.array([7.0])])
    # gamma, beta, mean, variance
    batch_norm.set_weights([np.array([number]) for number in (3.0, 0.25, 5.0, 4 - 1e-3)])
    folded = fold_batch_norm(model)
    kernel, bias = folded.layers[1].get_weights()
    assert kernel.reshape(-1).tolist() == pytest.approx([9, 9, 9])  # 6 * 3 / 2
    assert bias.item() == pytest.approx(3.25)  # (7 - 5) * 3 / 2 + 0.25
    assert len(folded.layers) == 3
    assert norms(folded) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["I3DResNet50", "I3DInceptionV3"])
def test_inflated_networks_fold_too(name):
    """ResNet's convolutions have biases and its norms scales; Inception-v3's neither."""
    side = {"I3DResNet50": 32, "I3DInceptionV3": 75}[name]
    model = getattr(keras_i3d, name)(weights=None, classes=5, input_shape=(8, side, side, 3))
    clip = np.random.default_rng(0).uniform(-1, 1, (1, 8, side, side, 3)).astype(np.float32)
    logits = keras.Model(model.input, model.layers[-2].output)
    same(logits, clip)


def chain(*steps):
    x = clip = keras.Input((4, 8, 8, 3))
    for step in steps:
        x = step(x)
    return keras.Model(clip, x, name="chain")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: chain(layers.Conv3D(2, 1)), "chain has no batch norm to fold"),
        (
            lambda: chain(layers.Conv3D(2, 1, activation="relu", name="c"), norm()),
            "n of chain cannot be folded: it follows c, which is not a plain convolution",
        ),
        (
            lambda: chain(layers.Conv3D(2, 1), layers.MaxPooling3D(name="pool"), norm()),
            "follows pool, which is not a plain convolution",
        ),
        (lambda: chain(norm()), "is not a plain convolution"),
        (
            lambda: chain(layers.Conv3D(2, 1, name="c"), lambda x: layers.Add()([norm()(x), x])),
            "shares c with other layers",
        ),
        (lambda: chain(layers.TimeDistributed(norm(axis=-1))), "is inside of another layer"),
        (
            lambda: chain(layers.Conv3D(2, 1), norm(axis=1)),
            "n of chain cannot be folded: it is over axis 1",
        ),
    ],
)
def test_what_cannot_be_folded_is_said(model, message):
    with pytest.raises(ValueError, match=message):
        fold_batch_norm(model())


def norm(**options):
    return layers.BatchNormalization(name="n", **options)


def test_outputs_between_convolution_and_norm_stay():
    clip = keras.Input((4, 8, 8, 3))
    before = layers.Conv3D(2, 1, name="c")(clip)
    model = keras.Model(clip, [before, norm()(before)])
    with pytest.raises(ValueError, match="follows c, which is an output"):
        fold_batch_norm(model)
