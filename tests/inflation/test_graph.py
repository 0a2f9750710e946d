"""inflate on networks that users build, its promises about names and sharing, and its errors."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_i3d.inflation import Rule, Time, boring_video_check, inflate, inflation_rule
from keras_i3d.inflation.rules import RULES
from tests.inflation.conftest import inputs_for, randomise, still_clip
from tests.inflation.networks import USERS_NETWORKS, nested, sequential, two_towers


@pytest.fixture
def rules_restored():
    known = dict(RULES)
    yield
    RULES.clear()
    RULES.update(known)


def in_structure(model, arrays):
    """Arrays in the structure of the model's inputs."""
    given = arrays if isinstance(arrays, list) else [arrays]
    if isinstance(model, keras.Sequential):
        return given[0]
    return keras.tree.pack_sequence_as(model.input, given)


@pytest.mark.parametrize("kernel", ["average", "centre"])
@pytest.mark.parametrize("name", USERS_NETWORKS)
def test_still_clips_in_networks_of_users(name, kernel):
    model = randomise(USERS_NETWORKS[name]())
    images = in_structure(model, inputs_for(model))
    exact = inflate(model, kernel=kernel, temporal_padding="replicate")
    check = boring_video_check(model, exact, images, frames=8)
    assert check.difference < 1e-4 and check.unchecked == ()
    if kernel == "average":
        check = boring_video_check(model, inflate(model), images, frames=48)
        assert check.difference < 1e-4
        assert len(check.unchecked) < len(check.rows)


@pytest.mark.parametrize("name", USERS_NETWORKS)
def test_save_load_and_a_step_of_training(name, tmp_path):
    model = randomise(USERS_NETWORKS[name]())
    inflated = inflate(model)
    images = keras.tree.flatten(inputs_for(model))
    pairs = zip(images, inflated.inputs, strict=True)
    clips = [still_clip(x, 8) if len(t.shape) == 5 else x for x, t in pairs]
    clips = keras.tree.pack_sequence_as(inflated.input, clips)
    inflated.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    outputs = inflated.predict(clips, verbose=0)
    again = loaded.predict(clips, verbose=0)
    for a, b in zip(keras.tree.flatten(outputs), keras.tree.flatten(again), strict=True):
        np.testing.assert_array_equal(a, b)
    loaded.compile("sgd", "mse", jit_compile=False)
    history = loaded.fit(clips, keras.tree.map_structure(np.zeros_like, outputs), verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_a_shared_layer_stays_one_layer():
    inflated = inflate(randomise(two_towers()), frames=4)
    assert inflated.name.endswith("_3d")
    assert [layer.name for layer in inflated.layers].count("tower") == 1
    assert len(inflated.get_layer("tower")._inbound_nodes) == 2
    assert inflated.input["left"].shape == (None, 4, 16, 16, 3)
    assert inflated.input["facts"].shape == (None, 5)
    assert set(inflated.output) == {"score", "vector"}
    assert inflated.get_layer("norm").axis == 4


def test_nested_models_stay_nested():
    inflated = inflate(randomise(nested()), name="both")
    assert inflated.name == "both"
    kernel = inflated.get_layer("backbone").get_layer("conv").kernel
    assert tuple(kernel.shape) == (3, 3, 3, 3, 4)
    assert inflated.get_layer("head").get_layer("mix").name == "mix"


def test_a_frozen_backbone_stays_frozen():
    model = randomise(nested())
    model.get_layer("backbone").trainable = False
    inflated = inflate(model)
    assert not inflated.get_layer("backbone").trainable
    assert [v.path for v in inflated.trainable_variables] == ["mix/kernel", "mix/bias"]


def test_weights_and_flags_are_carried():
    model = randomise(sequential())
    model.layers[2].trainable = False
    inflated = inflate(model, "none")
    assert not inflated.get_layer(model.layers[2].name).trainable
    for layer in model.layers:
        came = inflated.get_layer(layer.name)
        for old, new in zip(layer.get_weights(), came.get_weights(), strict=True):
            np.testing.assert_array_equal(old.ravel(), new.ravel())


def test_normalization_is_carried_as_it_computes():
    """Weights assigned after `adapt` do not reach the layer's arithmetic; its copy counts."""
    layer = layers.Normalization(axis=3)
    model = keras.Sequential([keras.Input((2, 2, 3)), layer])
    image = np.random.default_rng(0).normal(5, 2, (4, 2, 2, 3)).astype("float32")
    layer.adapt(image)
    layer.adapt_mean.assign([7, 7, 7])
    assert boring_video_check(model, inflate(model), image, 2).difference < 1e-6


def test_one_error_names_every_layer_that_cannot_be_inflated():
    image = keras.Input((8, 8, 3))
    x = layers.RandomFlip(name="flip")(image)
    x = layers.Lambda(lambda x: x * 2, name="double")(x)
    inner = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.TimeDistributed(layers.Dense(3), name="each")], name="in"
    )
    x = keras.ops.transpose(inner(x), (0, 2, 1, 3))
    model = keras.Model(image, layers.Dense(2)(layers.Lambda(lambda x: x)(layers.Flatten()(x))))
    with pytest.raises(ValueError) as caught:
        inflate(model)
    message = str(caught.value)
    for part in (
        "flip (RandomFlip): it would draw again",
        "double (Lambda): it holds a function that cannot be inspected",
        "in.each (TimeDistributed): there is no rule for its class",
        "transpose (Transpose): keras.ops' Transpose has no rule",
        "inflation_rule(LayerClass",
    ):
        assert part in message
    assert message.count("Lambda") == 1  # the other one comes where time has ended


@keras.saving.register_keras_serializable("tests")
class Scaled(layers.Layer):
    """x * scale, one scale for each channel."""

    def build(self, input_shape):
        self.scale = self.add_weight(name="scale", shape=(input_shape[-1],), initializer="ones")

    def call(self, x):
        return x * self.scale


@keras.saving.register_keras_serializable("tests")
class Corner(layers.Layer):
    """The upper left quarter of an image."""

    def call(self, image):
        return image[:, : image.shape[1] // 2, : image.shape[2] // 2]


@keras.saving.register_keras_serializable("tests")
class Convolution(layers.Conv2D):
    """A user's convolution."""


def test_a_user_teaches_layer_classes_in_one_call_each(rules_restored):
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), Scaled(), Corner(), Convolution(2, 3, name="mine")]
    )
    randomise(model)
    with pytest.raises(ValueError, match=r"(?s)Scaled.*Corner.*Convolution"):
        inflate(model)
    inflation_rule(Scaled, "as it is")
    inflation_rule(Corner, "per frame")

    def config(config, site):
        kernel = (site.time.kernel, *config["kernel_size"])
        return {"name": config["name"], "filters": config["filters"], "kernel_size": kernel}

    def weights(arrays, site):
        return [np.repeat(arrays[0][None], site.time.kernel, 0) / site.time.kernel, arrays[1]]

    inflation_rule(Convolution, Rule(layers.Conv3D, config, weights))
    inflated = inflate(model)
    assert inflated.output.shape == (None, None, 2, 2, 2)
    check = boring_video_check(model, inflated, inputs_for(model), frames=5)
    assert check.difference < 1e-5 and check.unchecked == ()
    with pytest.raises(ValueError, match="'as it is', 'per frame'.*'somehow'"):
        inflation_rule(Scaled, "somehow")


def test_a_schedule_of_the_users_own():
    model = randomise(sequential())
    asked = []

    def schedule(layer):
        asked.append(type(layer).__name__)
        return {"Conv2D": (5, 1), "DepthwiseConv2D": Time(3, 2)}.get(type(layer).__name__)

    inflated = inflate(model, schedule, temporal_padding="replicate")
    assert set(asked) == {"Conv2D", "DepthwiseConv2D", "SeparableConv2D", "AveragePooling2D"}
    sizes = [x.kernel_size[0] for x in inflated.layers if hasattr(x, "kernel_size")]
    assert sizes == [5, 3, 1, 5, 5]
    check = boring_video_check(model, inflated, inputs_for(model), frames=9)
    assert check.difference < 1e-4 and check.unchecked == ()


def test_branches_at_two_frame_rates_are_an_error_that_says_where():
    image = keras.Input((8, 8, 3))
    ways = [layers.Conv2D(2, 1, name=name)(image) for name in ("slow", "fast")]
    model = keras.Model(image, layers.Add(name="joined")(ways))
    with pytest.raises(ValueError, match=r"joined \(Add\): .* strides in time are 1 and 2"):
        inflate(model, lambda layer: (1, 2 if layer.name == "slow" else 1))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"schedule": "c3d"}, "schedule should be one of .*'i3d'.*'c3d'"),
        ({"schedule": lambda layer: "often"}, r"should give Time\(kernel, stride\)"),
        ({"schedule": lambda layer: (0, 1)}, "whole and at least 1"),
        ({"kernel": "median"}, "'average', 'centre'"),
        ({"temporal_padding": "reflect"}, "'zero', 'replicate'"),
        ({"frames": 0}, "frames=0"),
    ],
)
def test_arguments_are_checked(arguments, message):
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 3)])
    with pytest.raises(ValueError, match=message):
        inflate(model, **arguments)


def test_models_without_a_graph_or_an_image_are_refused():
    class Subclassed(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(ValueError, match="or Sequential keras.Model. Received: Subclassed"):
        inflate(Subclassed())
    with pytest.raises(ValueError, match="is not built"):
        inflate(keras.Sequential([layers.Conv2D(2, 3)]))
    with pytest.raises(ValueError, match="no input .* to give time to"):
        inflate(keras.Sequential([keras.Input((4,)), layers.Dense(2)]))


def test_lora_is_refused_with_the_way_to_merge_it(tmp_path):
    """And the way works: the merged network inflates, and gives what it gave with LoRA."""

    def network():
        image = keras.Input((8, 8, 3))
        x = keras.layers.Conv2D(4, 3, name="adapted", padding="same")(image)
        return keras.Model(image, keras.layers.GlobalAveragePooling2D()(x))

    with_lora = network()
    adapted = with_lora.get_layer("adapted")
    adapted.enable_lora(2)
    adapted.lora_kernel_b.assign(np.full(adapted.lora_kernel_b.shape, 0.3))
    with pytest.raises(ValueError, match=r"adapted \(Conv2D\): .*LoRA.*save_weights"):
        inflate(with_lora)
    with_lora.save_weights(tmp_path / "merged.weights.h5")
    merged = network()
    merged.load_weights(tmp_path / "merged.weights.h5")
    image = np.random.default_rng(0).random((1, 8, 8, 3), np.float32)
    clip = np.repeat(image[:, None], 3, axis=1)
    found = inflate(merged, schedule="none")(clip)
    np.testing.assert_allclose(found, with_lora(image), atol=1e-5)
