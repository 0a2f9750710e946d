"""Receptive fields: known ones of I3D, by hand, and what a gradient reaches."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_i3d.inflation import inflate, receptive_field, receptive_field_table
from keras_i3d.models.i3d import build_i3d


def rows_of(model):
    return {row.name: row for row in receptive_field(model)}


def test_i3d():
    """Strides of the original; 99 frames are the receptive field of its last features."""
    rows = rows_of(build_i3d())
    assert rows["Conv3d_1a_7x7"].field == (7, 7, 7)
    assert rows["MaxPool3d_2a_3x3"].field == (7, 11, 11)
    assert rows["MaxPool3d_2a_3x3"].stride == (2, 4, 4)
    assert rows["Mixed_5c"].field[0] == 99
    assert rows["Mixed_5c"].stride == (8, 32, 32)
    assert rows["Logits"].field is None and rows["Logits"].stride is None


def small_network():
    return keras.Sequential(
        [
            keras.Input((64, 64, 1)),
            layers.Conv2D(1, 3, 2, "same", name="conv"),
            layers.MaxPooling2D(2, name="held"),
            layers.Conv2D(1, (3, 5), dilation_rate=(2, 1), padding="same", name="wide"),
            layers.UpSampling2D(2, name="up"),
            layers.DepthwiseConv2D(3, padding="same", name="last"),
        ]
    )


def test_by_hand():
    """
    conv  3 + 0, stride 2; held 1 in time, 2 in space, at stride 2: 3, 5, 5, stride 2, 4, 4;
    wide  2 x stride 2 in time, 4 x 4 high (two apart), 4 x 4 wide: 7, 21, 21; up: stride 2, 2, 2;
    last  2 x stride 2: 11, 25, 25
    """
    rows = rows_of(inflate(small_network()))
    assert rows["conv"].field == (3, 3, 3) and rows["conv"].stride == (2, 2, 2)
    assert rows["held"].field == (3, 5, 5) and rows["held"].stride == (2, 4, 4)
    assert rows["wide"].field == (7, 21, 21)
    assert rows["up"].stride == (2, 2, 2)
    assert rows["last"].field == (11, 25, 25)


def test_a_2d_network_has_one_frame():
    rows = rows_of(small_network())
    assert rows["last"].field == (1, 25, 25)
    assert rows["last"].stride == (1, 2, 2)


def test_no_more_is_seen_than_said():
    """Frames that change one step of the output are as many as the receptive field has."""
    model = inflate(
        keras.Sequential(
            [
                keras.Input((2, 2, 1)),
                layers.Conv2D(1, 3, 2, "same", kernel_initializer="ones"),
                layers.Conv2D(1, 3, padding="same", kernel_initializer="ones"),
                layers.DepthwiseConv2D(3, padding="same", depthwise_initializer="ones"),
            ]
        ),
        lambda layer: (3, layer.strides[0]),
    )
    clips = np.zeros((32, 32, 2, 2, 1), "float32")
    clips[np.arange(32), np.arange(32)] = 1  # clip f has light in frame f alone
    reached = model.predict(clips, verbose=0)[:, 8].reshape(32, -1).max(axis=1) > 0
    assert reached.sum() == receptive_field(model)[-1].field[0] == 11


def test_a_gate_sees_the_whole_clip():
    image = keras.Input((8, 8, 4))
    gate = layers.GlobalAveragePooling2D(keepdims=True, name="pooled")(image)
    model = keras.Model(image, layers.Multiply(name="gated")([image, gate]))
    rows = rows_of(inflate(model))
    assert rows["gated"].field is None and rows["gated"].stride == (1, 1, 1)


def test_the_table_has_a_line_for_each_row():
    inner = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(1, 3, name="conv")], name="in")
    model = keras.Sequential([keras.Input((8, 8, 1)), inner, layers.Flatten(name="flat")])
    lines = receptive_field_table(receptive_field(inflate(model))).splitlines()
    assert [line.split() for line in lines] == [
        ["endpoint", "receptive", "field", "stride"],
        ["in.conv", *["3", "x", "3", "x", "3"], *["1", "x", "1", "x", "1"]],
        ["flat", "whole", "clip", "none"],
    ]


@pytest.mark.slow
def test_the_schedule_gives_inception_v3_the_strides_of_i3d():
    model = keras.applications.InceptionV3(weights=None, include_top=False)
    assert rows_of(inflate(model))["mixed10"].stride == (8, 32, 32)
