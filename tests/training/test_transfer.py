"""What learns, what stays, and where the network's weights come from."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from keras_i3d import I3DVGG16
from keras_i3d.layers import BatchNormLSTM
from keras_i3d.layers.keras_internals import all_layers
from keras_i3d.models.catalogue import network
from keras_i3d.models.i3d import build_i3d
from keras_i3d.training.from_recipe import build_model
from keras_i3d.training.networks import check_network, inputs_of, resolved
from keras_i3d.training.recipe_checks import check
from keras_i3d.training.recipes import RECIPES, SYNTHETIC_SMALL, Recipe
from keras_i3d.training.transfer import prepare, rate_factors
from tests.training import tiny


def norms(model):
    return [
        layer for layer in all_layers(model) if isinstance(layer, keras.layers.BatchNormalization)
    ]


def test_fixed_leaves_the_head_alone_to_learn():
    model = tiny.network()
    prepare(model, ("Logits",), transfer="fixed", batch_norm="plain")
    assert [v.path for v in model.trainable_variables] == ["Logits/kernel", "Logits/bias"]
    before = [v.numpy() for v in model.non_trainable_variables]
    model(tiny.batch_of(range(4))[0], training=True)
    after = [v.numpy() for v in model.non_trainable_variables]
    np.testing.assert_equal(before, after)  # batch norm's averages, and nothing else, could move


@pytest.mark.parametrize("policy", ["synchronised", "plain", "frozen"])
def test_batch_norm(policy):
    model = tiny.network()
    prepare(model, ("Logits",), transfer="full", batch_norm=policy, batch_norm_momentum=0.75)
    assert {n.synchronized for n in norms(model)} == {policy == "synchronised"}
    assert {n.momentum for n in norms(model)} == {0.75}
    betas = [v.path for v in model.trainable_variables if v.path.endswith("beta")]
    assert len(betas) == (0 if policy == "frozen" else 2)
    x, _ = tiny.batch_of(range(4))
    mean = norms(model)[0].moving_mean
    before = mean.numpy()
    model(x, training=True)
    assert np.array_equal(before, mean.numpy()) == (policy == "frozen")


def test_the_momentum_of_a_recipe_is_that_of_the_lstm_too():
    lstm = BatchNormLSTM(2, steps=3)
    model = keras.Sequential([keras.Input((3, 4)), lstm])
    prepare(model, (), transfer="full", batch_norm="plain", batch_norm_momentum=0.75)
    model(np.ones((2, 3, 4), np.float32), training=True)
    # Of equal clips a variance is 0: of a start at 1 three quarters are left.
    np.testing.assert_allclose(lstm.input_norm[2], 0.75)


def test_the_first_pattern_that_fits_counts():
    factors = rate_factors(tiny.network(), ["Logits/bias=3", "Logits=10", "first/.*kernel=0.5"])
    assert factors == {"Logits/bias": 3, "Logits/kernel": 10, "first/conv_3d/kernel": 0.5}
    with pytest.raises(ValueError, match="'Mixed_5c' matches no trainable variable"):
        rate_factors(tiny.network(), ["Mixed_5c=2"])


def test_a_centred_start():
    recipe = Recipe(centred=True)
    keras.utils.set_random_seed(0)
    plain = {v.path: v.numpy() for v in build_model(replace(recipe, centred=False), 4).weights}
    keras.utils.set_random_seed(0)
    centred = {v.path: v.numpy() for v in build_model(recipe, 4).weights}
    stem, deep = ("Conv3d_1a_7x7/conv_3d/kernel", "Mixed_4c/Branch_1/Conv3d_0b_3x3/conv_3d/kernel")
    assert abs(centred[stem].mean((0, 1, 2))).max() < 1e-8
    assert abs(centred[deep].mean((0, 1, 2, 3))).max() < 1e-8
    assert abs(centred[deep].mean((0, 1, 2))).max() > 1e-4  # only behind a ReLU, over inputs too
    for name in (stem, deep):
        assert np.linalg.norm(centred[name]) == pytest.approx(np.linalg.norm(plain[name]))
    head = "Conv3d_0c_1x1/conv_3d/kernel"
    np.testing.assert_array_equal(centred[head], plain[head])
    shifts = {name: set(v.ravel()) for name, v in centred.items() if name.endswith("beta")}
    assert shifts.pop("Conv3d_1a_7x7/batch_norm/beta") == {0.0}
    assert len(shifts) == 56 and all(values == {1.0} for values in shifts.values())


def test_frame_by_frame_has_no_time():
    """The order of the frames, and what is beside them, says nothing."""
    model = build_model(replace(SYNTHETIC_SMALL, model="inception_v1_frames"), 4)
    clip = np.random.default_rng(0).uniform(-1, 1, (1, 4, 32, 32, 3)).astype(np.float32)
    scores = model.predict(clip, verbose=0)
    np.testing.assert_allclose(model.predict(clip[:, ::-1], verbose=0), scores, atol=1e-5)
    alone = [model.predict(clip[:, n : n + 1], verbose=0) for n in range(4)]
    np.testing.assert_allclose(np.mean(alone, axis=0), scores, atol=1e-5)
    # I3D's own trunk and head, but for the length of its kernels in time.
    kernels, timed = (
        [tuple(v.shape) for v in one.trainable_variables if v.path.endswith("kernel")]
        for one in (model, build_model(SYNTHETIC_SMALL, 4))
    )
    assert len(kernels) == 58 and {shape[0] for shape in kernels} == {1}
    assert sorted(shape[1:] for shape in kernels) == sorted(shape[1:] for shape in timed)
    with pytest.raises(ValueError, match="weights should be none for model=inception_v1_frames"):
        check_network(replace(SYNTHETIC_SMALL, model="inception_v1_frames", weights="imagenet"))


def test_a_clip_that_the_trunk_does_not_take_is_refused():
    """A non-local block of 16 x 16 pixels would have no position to look at."""
    recipe = Recipe(model="nl_i3d_r50", num_frames=8, resize=16, crop=16)
    with pytest.raises(ValueError, match=r"at least \(2, 17, 17\) frames.*model=nl_i3d_r50"):
        check_network(recipe)
    check_network(replace(recipe, resize=17, crop=17))


def test_small_clips_get_a_head_with_the_same_variables():
    small = build_model(SYNTHETIC_SMALL, 10)
    large = build_i3d(classes=10, classifier_activation=None)
    assert {v.path: v.shape for v in small.weights} == {v.path: v.shape for v in large.weights}
    assert small.compute_output_shape((2, 16, 64, 64, 3)) == (2, 10)
    assert isinstance(small.get_layer("Dropout_0b"), keras.layers.Dropout)
    whole = build_model(replace(SYNTHETIC_SMALL, crop=224, resize=256), 10)
    assert whole.get_layer("AvgPool3d_0a_7x7")


def test_the_trunk_is_the_weights_and_the_head_is_new(tmp_path):
    pretrained = build_model(SYNTHETIC_SMALL, 10)
    path = str(tmp_path / "pretrained.keras")
    pretrained.save(path)
    keras.utils.set_random_seed(5)
    model = build_model(replace(SYNTHETIC_SMALL, weights=path, transfer="full"), 4)
    there = {v.path: v.numpy() for v in pretrained.weights}
    for variable in model.weights:
        if variable.path.startswith("Conv3d_0c_1x1"):
            assert variable.shape[-1] == 4
        else:
            np.testing.assert_array_equal(variable.numpy(), there[variable.path])


@pytest.mark.parametrize("ending", [".keras", ".weights.h5"])
def test_inflated_networks_start_from_their_own_files(tmp_path, ending):
    """Of either kind of file: the trunk is the file's, the head is new."""
    sizes = {"num_frames": 4, "resize": 40, "crop": 32}
    first = I3DVGG16(None, classes=3, input_shape=(4, 32, 32, 3))
    path = str(tmp_path / f"first{ending}")
    (first.save if ending == ".keras" else first.save_weights)(path)
    recipe = Recipe(model="i3d_vgg16", weights=path, transfer="full", **sizes)
    model = build_model(recipe, 5)
    kernels = [m.get_layer("block3_conv1").kernel.numpy() for m in (model, first)]
    np.testing.assert_array_equal(*kernels)
    assert model.output_shape == (None, 5)


def test_networks_streams_and_weights_that_do_not_go_together():
    with pytest.raises(ValueError, match="model should be one of i3d, .*Received: model='i4d'"):
        check_network(Recipe(model="i4d"))
    with pytest.raises(ValueError, match=r"stream should be one of \('both',\) for two_stream_i3d"):
        check_network(Recipe(model="two_stream_i3d"))
    check_network(Recipe(model="two_stream_i3d", stream="both"))
    with pytest.raises(
        ValueError, match="weights should be kinetics, .*none or a file.*'imagenet'"
    ):
        check_network(Recipe(model="two_stream_i3d", stream="both", weights="imagenet"))
    with pytest.raises(ValueError, match="'imagenet'. .*take model i3d_resnet50 or i3d_resnet101"):
        check_network(Recipe(model="i3d_r50", weights="imagenet"))
    check_network(Recipe(model="i3d_resnet50", weights="imagenet"))


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_shipped_recipe_passes_and_builds(name):
    recipe = RECIPES[name]
    check(recipe)
    check_network(recipe)
    model = build_model(replace(recipe, weights=None), 4)
    sizes = {
        s: (1, one.frames, one.crop, one.crop, one.channels) for s, one in inputs_of(recipe).items()
    }
    shape = sizes if len(sizes) > 1 else sizes.popitem()[1]
    assert model.compute_output_shape(shape) == (1, 4)


def test_a_network_sees_what_its_record_says_unless_the_recipe_does():
    assert inputs_of(Recipe()) == network("i3d").seen("rgb")
    small = inputs_of(Recipe(num_frames=16, crop=112, resize=128))["rgb"]
    assert (small.frames, small.every, small.crop, small.short_side) == (16, 1, 112, 128)
    full = resolved(Recipe(model="i3d_resnet50", stream="flow"))
    assert (full.num_frames, full.stride, full.crop, full.resize) == (32, 2, 224, 256)
