"""Non-local blocks put into networks that are there already."""

import keras
import numpy as np
import pytest

import keras_i3d
from keras_i3d.inflation.receptive_field import receptive_field
from keras_i3d.layers import ConvUnit3D, NonLocalBlock3D
from keras_i3d.models.folding import fold_batch_norm
from keras_i3d.models.resnet_3d import build_resnet_3d

SHAPE = (4, 24, 24, 3)


def small():
    clip = keras.Input(SHAPE, name="clip")
    x = ConvUnit3D(4, 3, (1, 2, 2), name="first")(clip)
    x = ConvUnit3D(6, 3, 2, name="second")(x)
    x = keras.layers.GlobalAveragePooling3D(name="mean")(x)
    return keras.Model(clip, keras.layers.Dense(3, name="Logits")(x), name="small")


def clips(seed=0):
    return np.random.default_rng(seed).normal(size=(2, *SHAPE)).astype(np.float32)


@pytest.mark.parametrize("form", ["embedded_gaussian", "concatenation"])
def test_it_says_what_it_said_and_comes_back_from_its_file(form, tmp_path):
    model = small()
    before = model.predict_on_batch(clips())
    longer = keras_i3d.insert_non_local(model, after=["first", "second"], form=form)
    assert [layer.name for layer in longer.layers][2] == "nonlocal_first"
    np.testing.assert_allclose(longer.predict_on_batch(clips()), before, atol=1e-6)
    for path in ("second/conv_3d/kernel", "Logits/bias"):
        ours, theirs = ({v.path: v for v in m.weights}[path] for m in (longer, model))
        np.testing.assert_array_equal(np.array(ours), np.array(theirs))
        assert ours is not theirs
    for variable in longer.get_layer("nonlocal_second").weights:
        variable.assign(np.full(variable.shape, 0.5))
    after = longer.predict_on_batch(clips())
    assert np.abs(after - before).max() > 1e-4
    np.testing.assert_array_equal(model.predict_on_batch(clips()), before)
    longer.save(tmp_path / "longer.keras")
    again = keras.saving.load_model(tmp_path / "longer.keras")
    np.testing.assert_array_equal(again.predict_on_batch(clips()), after)


def test_layers_that_there_are_not_or_that_give_no_clips_are_refused():
    with pytest.raises(ValueError, match=r"after should name layers of small. Received: \['third'"):
        keras_i3d.insert_non_local(small(), after=["first", "third"])
    with pytest.raises(ValueError, match="give .batch, time.*Received: 'mean', which does not"):
        keras_i3d.insert_non_local(small(), after=["mean"])


def tiny(network="nl_i3d_r50"):
    """Drawn batch norms, so that folding one has something to do; every block says something."""
    model = build_resnet_3d(network, classes=3, width=1 / 32, classifier_activation=None)
    rng = np.random.default_rng(0)
    for variable in model.weights:
        if "/batch_norm/" in variable.path:
            variable.assign(rng.uniform(0.5, 1.5, variable.shape))
    return model


def test_batch_norm_is_folded_within_blocks():
    model = tiny()
    folded = fold_batch_norm(model)
    assert not any("batch_norm" in v.path for v in folded.weights)
    clip = np.random.default_rng(0).normal(size=(1, 4, 33, 40, 3)).astype(np.float32)
    came, wanted = folded.predict_on_batch(clip), model.predict_on_batch(clip)
    np.testing.assert_allclose(came, wanted, rtol=1e-3, atol=1e-4)


def test_what_a_block_and_what_follows_it_see():
    """By hand: conv1 5, res2 three times 3 frames; after a non-local block the whole clip."""
    rows = {row.name: row for row in receptive_field(tiny())}
    assert rows["res2_2"].field == (5 + 3 * 2, 7 + 4 + 3 * 8, 7 + 4 + 3 * 8)
    assert [int(n) for n in rows["res5_2"].stride] == [2, 32, 32]
    assert rows["nonlocal3_1"].field is None and rows["res3_2"].field is None
    assert [int(n) for n in rows["nonlocal4_5"].stride] == [2, 16, 16]


def test_a_block_alone_is_a_public_name():
    assert keras_i3d.NonLocalBlock3D is NonLocalBlock3D
