"""The layers of S3D and S3D-G through the export: folded, in bfloat16, at any size."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_i3d.export.saved_model import export_saved_model
from keras_i3d.layers import (
    ConvUnit3D,
    HeadPooling3D,
    SeparableConvUnit3D,
    SeparableInceptionBlock3D,
)
from tests.export.conftest import as_loaded
from tests.models.test_folding import as_if_trained, same


def tiny_s3d(kind, pool):
    """A separable stem, a block with gates, the head of that kind."""
    keras.utils.set_random_seed(0)
    clip = keras.Input((None, None, None, 3), name="clip")
    x = SeparableConvUnit3D(4, 7, 4, kind, name="Conv2d_1a_7x7")(clip)
    block = {"kind": kind, "gating": True, "name": "Mixed_5c"}
    x = SeparableInceptionBlock3D(2, (2, 3), (2, 3), 2, **block)(x)
    x = HeadPooling3D(pool, (4, 4, 4), shrinks=kind == "slim", name="AvgPool")(x)
    x = layers.Dropout(0.2, name="Dropout")(x)
    head = {"use_batch_norm": False, "use_bias": True, "activation": None, "name": "0c"}
    x = layers.GlobalAveragePooling3D(name="Logits")(ConvUnit3D(7, 1, **head)(x))
    return keras.Model(clip, layers.Activation("softmax", name="Predictions")(x), name="tiny_s3d")


KINDS = pytest.mark.parametrize(
    ("kind", "pool"), [("slim", (2, 9, 9)), ("torchvision", (2, None, None))]
)


@KINDS
def test_folded_it_answers_the_same(kind, pool):
    clip = np.random.default_rng(0).normal(size=(2, 9, 22, 33, 3)).astype(np.float32)
    folded = same(tiny_s3d(kind, pool), clip)
    assert folded.get_layer("Mixed_5c").branches[1].parts[1].temporal.conv_3d.bias is not None


@pytest.mark.slow
@KINDS
def test_exported_it_answers_as_the_model_at_any_size(kind, pool, tmp_path):
    """The pool of slim's shrinks in a graph that knows no size; the gate stays in float32."""
    clips = {
        name: {"rgb": np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)}
        for name, shape in {"odd": (11, 33, 35), "large": (16, 44, 60)}.items()
    }
    model = as_if_trained(tiny_s3d(kind, pool))
    loaded = as_loaded(model, least_clip=(8, 32, 32))
    said = export_saved_model(
        loaded, tmp_path / "1", clips=clips, precision="bfloat16", folded=True
    )
    assert set(said.differences) == {"random", "odd", "large"}
    assert max(said.differences.values()) < 5e-3
