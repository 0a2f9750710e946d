"""The paper's networks beside I3D: what each computes, by value, and what it starts from."""

import keras
import numpy as np
import pytest

import keras_i3d
from keras_i3d.models.catalogue import network
from keras_i3d.models.inception_v1 import build_inception_v1, scaled
from keras_i3d.weights import imagenet

WIDTH = 1 / 16
SMALL = {"width": WIDTH, "classes": 4, "dropout": 0.0, "classifier_activation": None}


def noise(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def shuffled(model):
    """The model with values that no start has: statistics and shifts of batch norm, too."""
    rng = np.random.default_rng(1)
    for variable in model.weights:
        least = 0.5 if variable.path.endswith(("variance", "gamma")) else -0.1
        if not variable.path.endswith("kernel"):
            variable.assign(rng.uniform(least, least + 0.3, variable.shape))
    return model


def answers(model, clip, *names):
    """What the layers of these names give, by default the model; uncompiled, which is quicker."""
    if names:
        model = keras.Model(model.input, [model.get_layer(name).output for name in names])
    return keras.tree.map_structure(keras.ops.convert_to_numpy, model(clip, training=False))


def test_a_width_is_a_factor_of_every_layer_and_at_least_one():
    assert scaled((64, (96, 128), (16, 32), 32), 0.125) == (8, (12, 16), (2, 4), 4)
    assert scaled(16, 1 / 64) == 1
    models = [network("i3d").model("rgb", classes=3, width=w) for w in (1 / 4, 1 / 2)]
    for one, twice in zip(*(model.weights for model in models), strict=True):
        *extent, into, out = (1, 1, 1, 1, *one.shape)[-5:]
        inputs = into * (1 if into in (1, 3) else 2)
        outputs = out * (1 if "0c" in one.path else 2)
        assert (1, 1, 1, 1, *twice.shape)[-5:] == (*extent, inputs, outputs), one.path


def test_every_frame_goes_through_the_image_network_by_itself():
    """A clip's features are its frames', in their order."""
    model = shuffled(keras_i3d.ConvNet2D(include_top=False, width=WIDTH))
    clip = noise(1, 3, 64, 64, 3)
    together = answers(model, clip)
    for number in range(3):
        alone = answers(model, clip[:, number : number + 1])
        np.testing.assert_allclose(together[:, number], alone[:, 0], atol=1e-5)


def test_two_streams_average_probabilities():
    model = shuffled(keras_i3d.TwoStream(**SMALL | {"classifier_activation": "softmax"}))
    clips = {"rgb": noise(2, 1, 32, 32, 3), "flow": noise(2, 10, 32, 32, 2)}
    rgb, flow, came = answers(model, clips, "RGB_Logits", "Flow_Logits", "Predictions")
    softmax = [np.exp(x) / np.exp(x).sum(-1, keepdims=True) for x in (rgb, flow)]
    np.testing.assert_allclose(came, np.mean(softmax, axis=0), atol=1e-6)
    assert np.abs(rgb - flow).max() > 0.01


@pytest.mark.slow
def test_two_streams_from_a_file_of_each(tmp_path):
    clips, files, wanted = {"rgb": noise(1, 1, 32, 32, 3), "flow": noise(1, 10, 32, 32, 2)}, {}, []
    for stream, clip in clips.items():
        model = shuffled(keras_i3d.ConvNet2D(stream=stream, **SMALL))
        files[stream] = str(tmp_path / f"{stream}.keras")
        model.save(files[stream])
        wanted.append(answers(model, clip))
    with pytest.raises(ValueError, match="an entry for each of .'flow', 'rgb'.. Received: .'rgb'."):
        keras_i3d.TwoStream({"rgb": files["rgb"]}, width=WIDTH)
    both = keras_i3d.TwoStream(files, width=WIDTH, classifier_activation=None)
    came = answers(both, clips, "RGB_Logits", "Flow_Logits")
    np.testing.assert_allclose(came, wanted, atol=1e-5)


def test_fusion_is_a_convolution_of_both_streams_features():
    """On 5 x 7 x 7 positions: 3 x 5 x 5 of the convolution, 1 of the pool."""
    shapes = {"rgb": (5, 193, 193, 3), "flow": (50, 193, 193, 2)}
    model = shuffled(keras_i3d.Fused3D(input_shape=shapes, **SMALL))
    clips = {stream: noise(1, *shape) for stream, shape in shapes.items()}
    names = ("RGB_Mixed_5c", "Flow_Mixed_5c", "Conv3d_6a_3x3", "MaxPool3d_6a_3x3", "Logits")
    rgb, flow, unit, pooled, logits = answers(model, clips, *names)
    assert rgb.shape == flow.shape == (1, 5, 7, 7, 64) and unit.shape == (1, 3, 5, 5, 32)
    joined = np.concatenate([rgb, flow], -1).astype(np.float64)
    layer = model.get_layer("Conv3d_6a_3x3")
    kernel, norm = np.array(layer.conv_3d.kernel), layer.batch_norm
    wanted = np.zeros((3, 5, 5, 32))
    for t, y, x in np.ndindex(3, 3, 3):
        wanted += joined[0, t : t + 3, y : y + 5, x : x + 5] @ kernel[t, y, x]
    mean, variance, beta = (
        np.array(v) for v in (norm.moving_mean, norm.moving_variance, norm.beta)
    )
    wanted = np.maximum((wanted - mean) / np.sqrt(variance + 1e-3) + beta, 0)
    np.testing.assert_allclose(unit[0], wanted, atol=1e-4)
    np.testing.assert_allclose(pooled[0, 0, 0, 0], wanted[:3, :3, :3].max((0, 1, 2)), atol=1e-4)
    head = model.get_layer("Conv3d_0c_1x1").conv_3d
    by_hand = wanted[:3, :3, :3].max((0, 1, 2)) @ np.array(head.kernel)[0, 0, 0] + np.array(
        head.bias
    )
    np.testing.assert_allclose(logits[0], by_hand, atol=1e-4)


def test_ten_frames_of_flow_go_with_each_image_of_the_fusion():
    """What changes in the 20th to 29th frame of flow changes the third step's features alone."""
    shapes = {"rgb": (5, 32, 32, 3), "flow": (50, 32, 32, 2)}
    model = shuffled(keras_i3d.Fused3D(input_shape=shapes, **SMALL))
    clips = {stream: noise(1, *shape) for stream, shape in shapes.items()}
    other = {**clips, "flow": clips["flow"].copy()}
    other["flow"][:, 20:30] *= -1
    one, two = (answers(model, c, "Flow_Mixed_5c") for c in (clips, other))
    assert [bool((one[0, t] != two[0, t]).any()) for t in range(5)] == [0, 0, 1, 0, 0]


def test_scores_of_a_step_do_not_know_what_comes_after():
    model = shuffled(keras_i3d.ConvNetLSTM(**SMALL))
    clip = noise(1, 6, 32, 32, 3)
    other = clip.copy()
    other[:, 4:] = noise(1, 2, 32, 32, 3, seed=7)
    (one, last), (two, _) = (answers(model, c, "Scores", "Logits") for c in (clip, other))
    assert one.shape == (1, 6, 4)
    np.testing.assert_array_equal(one[:, :4], two[:, :4])
    assert (one[:, 4:] != two[:, 4:]).all()
    np.testing.assert_array_equal(last, one[:, -1])


def test_where_all_clips_show_the_same_the_lstm_amplifies_nothing():
    """Flow of what is still is 0 in every clip: only in the sixth step do they begin to differ."""
    tf = pytest.importorskip("tensorflow")
    lstm = keras_i3d.ConvNetLSTM(**SMALL).get_layer("LSTM")
    features = np.zeros((8, 10, scaled(1024, WIDTH)), np.float32)
    features[:, 5:] = noise(8, 5, features.shape[-1])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(lstm(features, training=True)[:, -1] * noise(8, lstm.units, seed=1))
    gradients = tape.gradient(loss, [v.value for v in lstm.trainable_weights])
    assert tf.linalg.global_norm(gradients) < 100


def test_the_fully_connected_layers_are_made_for_a_size():
    """Of 112 pixels pool5 is 4 x 4, of 56 2 x 2; a clip twice as long gives the mean of two."""
    model = keras_i3d.ConvNet3D(**SMALL)
    assert model.get_layer("fc6").conv_3d.kernel.shape == (1, 4, 4, 32, 256)
    small = shuffled(keras_i3d.ConvNet3D(input_shape=(None, 56, 56, 3), **SMALL))
    assert small.get_layer("fc6").conv_3d.kernel.shape == (1, 2, 2, 32, 256)
    scores, logits = answers(small, noise(1, 32, 56, 56, 3), "fc8", "Logits")
    assert scores.shape == (1, 2, 1, 1, 4)
    np.testing.assert_allclose(logits, scores.mean((1, 2, 3)), atol=1e-6)


@pytest.fixture
def images(monkeypatch):
    """An image network's arrays, as slim's file would give them; with classes for 4."""
    model = build_inception_v1(classes=4)
    rng = np.random.default_rng(2)
    arrays = {}
    for variable in keras_i3d.ConvNet2D(classes=4).weights:
        path = variable.path.replace("Conv3d", "Conv2d").replace("conv_3d", "conv_2d")
        shape = variable.shape[1:] if path.endswith("kernel") else variable.shape
        least = 0.5 if path.endswith("variance") else -0.1
        arrays[path] = rng.uniform(least, least + 0.2, shape).astype(np.float32)
    assert imagenet.image_paths(arrays).keys() == {v.path for v in model.weights}
    monkeypatch.setattr(imagenet, "published_inception_v1", lambda: arrays)
    return arrays


def test_an_image_gets_what_the_image_network_gives_it(images):
    image_network = build_inception_v1(classes=4, include_top=False)
    paths = imagenet.image_paths(images)
    for variable in image_network.weights:
        variable.assign(paths[variable.path])
    ours = keras_i3d.ConvNet2D("imagenet", include_top=False)
    image = noise(1, 64, 64, 3)
    wanted = answers(image_network, image)
    came = answers(ours, image[:, None])[:, 0]
    np.testing.assert_allclose(came, wanted, rtol=1e-4, atol=1e-4 * wanted.max())


def stem_and_head(model, prefix=""):
    units = (model.get_layer(f"{prefix}Conv3d_{place}") for place in ("1a_7x7", "0c_1x1"))
    return [np.array(unit.conv_3d.kernel) for unit in units]


def test_the_stem_of_flow_is_the_mean_of_colours_in_each_channel(images):
    """Cross-modality: twenty channels, each the mean of three, unscaled."""
    stem, head = stem_and_head(keras_i3d.ConvNet2D("imagenet", stream="flow"))
    assert stem.shape == (1, 7, 7, 20, 64)
    for channel in range(20):
        mean = images["Conv2d_1a_7x7/conv_2d/kernel"].mean(axis=2)
        np.testing.assert_allclose(stem[0, :, :, channel], mean, rtol=1e-5)
    np.testing.assert_array_equal(head[0], images["Conv2d_0c_1x1/conv_2d/kernel"])


@pytest.mark.slow
def test_each_of_several_streams_starts_as_it_does_alone(images):
    alone = {s: stem_and_head(keras_i3d.ConvNet2D("imagenet", stream=s)) for s in ("rgb", "flow")}
    both = keras_i3d.TwoStream("imagenet")
    fused = keras_i3d.Fused3D("imagenet", classes=3, new_head=True)
    for stream, prefix in (("rgb", "RGB_"), ("flow", "Flow_")):
        stem, head = alone[stream]
        for came, wanted in zip(stem_and_head(both, prefix), (stem, head), strict=True):
            np.testing.assert_array_equal(came, wanted)
        unit = fused.get_layer(f"{prefix}Conv3d_1a_7x7")
        np.testing.assert_array_equal(unit.conv_3d.kernel, stem)


@pytest.mark.slow
def test_what_the_image_network_does_not_have_starts_anew(images):
    with pytest.raises(ValueError, match="should have a head. .* new_head=True"):
        keras_i3d.ConvNetLSTM("imagenet", classes=4)
    model = keras_i3d.ConvNetLSTM("imagenet", classes=4, new_head=True)
    beta = images[
        "Mixed_4d/Branch_1/Conv2d_0b_3x3/BatchNorm/beta".replace("BatchNorm", "batch_norm")
    ]
    unit = {v.path: v for v in model.weights}["Mixed_4d/Branch_1/Conv3d_0b_3x3/batch_norm/beta"]
    np.testing.assert_array_equal(unit, beta)
    gamma = {v.path: v for v in model.weights}["LSTM/cell_gamma"]
    np.testing.assert_allclose(gamma, 0.1)
    with pytest.raises(ValueError, match="weights should be None, or the path of a file"):
        keras_i3d.ConvNet3D("imagenet")


@pytest.mark.parametrize("name", [pytest.param("ConvNetLSTM", marks=pytest.mark.slow), "ConvNet3D"])
def test_weights_files_say_how_many_classes_they_have(name, tmp_path):
    """Other layers have kernels of the form of the classes'."""
    application = getattr(keras_i3d, name)
    model = shuffled(application(**SMALL))
    model.save_weights(tmp_path / "x.weights.h5")
    again = application(str(tmp_path / "x.weights.h5"), width=WIDTH, classifier_activation=None)
    clip = noise(1, 4, 112, 112, 3)
    np.testing.assert_allclose(answers(again, clip), answers(model, clip), atol=1e-6)
    other = application(str(tmp_path / "x.weights.h5"), width=WIDTH, classes=9, new_head=True)
    assert other.output_shape == (None, 9)


def test_what_each_network_sees():
    """Frames, every how many and where they begin; whether a whole video goes through in clips."""
    seen = {}
    for name in ("convnet_lstm", "convnet_3d", "two_stream", "fused_3d"):
        record = network(name)
        inputs = record.seen(record.streams[0])
        seen[name] = {s: (i.frames, i.every, i.offset) for s, i in inputs.items()}, record.in_clips
    # "Quo Vadis", table 1; the image is in the middle of its ten frames of flow.
    assert seen == {
        "convnet_lstm": ({"rgb": (25, 5, 0)}, False),
        "convnet_3d": ({"rgb": (16, 1, 0)}, True),
        "two_stream": ({"rgb": (1, 10, 5), "flow": (10, 1, 0)}, False),
        "fused_3d": ({"rgb": (5, 10, 5), "flow": (50, 1, 0)}, True),
    }
    # The last image is within its flow.
    rgb, flow = network("fused_3d").inputs.values()
    assert (rgb.span, rgb.reach, flow.reach, flow.steps) == (41, 46, 50, 5)
    with pytest.raises(ValueError, match="frames should be a multiple of 10"):
        flow.changed(frames=16)
