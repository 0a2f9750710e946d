"""Schedules: the paper's on Inception's trunk, and strides that meet where branches do."""

import keras
import pytest
from keras import layers

from keras_i3d.inflation import Time, inflate
from keras_i3d.inflation.schedules import schedule_of
from tests.inflation.networks import u_net_transposed


def times(model, schedule="i3d"):
    """{layer: (kernel, stride) in time} of the layers that have a window."""
    of_layer = schedule_of(schedule, model)
    found = {layer.name: of_layer(layer) for layer in model.layers}
    return {name: (t.kernel, t.stride) for name, t in found.items() if t != Time()}


def test_the_papers_schedule_on_inceptions_trunk():
    """Figure 3: 7x7x7 / 2, pool 1x3x3 / 1,2,2, 3x3x3, pool 1x3x3 / 1,2,2, 3x3x3 / 2, 2x2x2 / 2."""
    model = keras.Sequential(
        [
            keras.Input((224, 224, 3)),
            layers.Conv2D(4, 7, 2, "same", name="conv_1a"),
            layers.MaxPooling2D(3, 2, "same", name="pool_2a"),
            layers.Conv2D(4, 1, name="conv_2b"),
            layers.Conv2D(4, 3, padding="same", name="conv_2c"),
            layers.MaxPooling2D(3, 2, "same", name="pool_3a"),
            layers.MaxPooling2D(3, 1, "same", name="branch"),
            layers.MaxPooling2D(3, 2, "same", name="pool_4a"),
            layers.MaxPooling2D(2, 2, "same", name="pool_5a"),
        ]
    )
    wanted = {
        "conv_1a": (7, 2),
        "conv_2c": (3, 1),
        "branch": (3, 1),
        "pool_4a": (3, 2),
        "pool_5a": (2, 2),
    }
    assert times(model) == wanted  # conv_2b, pool_2a and pool_3a are left alone: (1, 1)
    assert inflate(model, frames=64).output.shape == (None, 8, 7, 7, 4)


def test_what_runs_beside_one_of_the_first_pools_leaves_time_alone_too():
    image = keras.Input((16, 16, 3))
    pooled = layers.MaxPooling2D(2, name="pool")(image)
    strided = layers.Conv2D(3, 3, 2, "same", name="strided")(image)
    model = keras.Model(image, layers.Add()([pooled, strided]))
    assert times(model) == {"strided": (3, 1)}


def test_a_decoder_undoes_what_the_encoder_did():
    """Pools 3 and 4 of four stride in time, so the first two of four upsamplings do."""
    model = u_net_transposed()
    ups = [x.name for x in model.layers if isinstance(x, layers.Conv2DTranspose)]
    assert [times(model)[name][1] for name in ups] == [2, 2, 1, 1]
    inflated = inflate(model, frames=16)
    assert [inflated.get_layer(name).kernel_size[0] for name in ups] == [2, 2, 3, 3]
    assert inflated.output.shape == (None, 16, 32, 32, 1)


def test_time_is_never_finer_than_the_clips():
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.UpSampling2D(), layers.Conv2D(3, 3, 2, name="down")]
    )
    assert times(model) == {"down": (3, 1)}


def test_flat_kernels_get_the_time_of_their_height():
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(2, (1, 7)), layers.Conv2D(2, (7, 1), name="tall")]
    )
    assert times(model) == {"tall": (7, 1)}


def test_none_gives_no_time():
    assert times(u_net_transposed(), "none") == {}


def test_one_layer_at_two_resolutions_that_differ_in_time_is_an_error():
    image = keras.Input((16, 16, 3))
    down = layers.Conv2D(3, 3, 2, "same", name="down")
    x = layers.MaxPooling2D(2, name="first")(image)
    beside = down(image)  # reaches the level of the first max pool, and leaves time alone
    x = layers.Add()([x, beside])
    model = keras.Model(image, down(layers.Add()([layers.MaxPooling2D(2)(down(x)), down(down(x))])))
    with pytest.raises(ValueError, match="no single stride in time for .*'down'"):
        schedule_of("i3d", model)
