"""Flow decoders: PWC-Net's own numbers, and one step of time at a time."""

import json
import sys

import keras
import numpy as np
import pytest

from keras_i3d.models.flow_decoder import DECODERS, build_flow_decoder, decode_clip

# The smallest planted mistake moves the flow by 0.66, rounding by 2e-6.
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def golden(shared):
    """pwc_decoder's cases and numbers, the rule of the weights and that of the inputs."""
    folder = shared / "golden2"
    sys.path[:0] = [str(folder), str(shared / "golden")]
    try:
        import clips
        import rules2
    finally:
        del sys.path[:2]
    cases = json.loads((folder / "pwc_decoder.json").read_text())["cases"]
    return cases, np.load(folder / "pwc_decoder.npz"), rules2.fill, clips.clip


def filled_pwc(fill) -> keras.Model:
    """The decoder of 117 channels with PyTorch's rule-made weights."""
    model = build_flow_decoder("pwc", 117)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            linear = layer.name in ("predict_flow2", "dc_conv7")
            name = layer.name if linear else f"{layer.name}.0"
            shape = (layer.filters, layer.kernel.shape[2], 3, 3)
            kernel = fill(f"{name}.weight", shape).transpose(2, 3, 1, 0)
            layer.set_weights([kernel, fill(f"{name}.bias", (layer.filters,))])
    return model


@pytest.mark.parametrize("case", ["pwc_decoder_noise", "pwc_decoder_odd"])
def test_pwc_decoder_is_pwc_nets(case, golden):
    cases, numbers, fill, clip = golden
    about = cases[case]
    count, *image = about["shape_NHWC"]
    features = clip(about["input"], (count, 1, *image))[:, 0]
    model = filled_pwc(fill)
    outputs = {f"conv2_{n}": model.get_layer(f"dense_{n}").output for n in range(5)}
    outputs |= {"flow_before_context": model.get_layer("predict_flow2").output}
    outputs |= {"dc_conv4": model.get_layer("dc_conv4").output, "flow": model.output}
    found = keras.Model(model.input, outputs).predict(features, verbose=0)
    for name in ("flow", "flow_before_context"):
        np.testing.assert_allclose(found[name], numbers[f"{case}/{name}"], atol=TOLERANCE)
    for name in about["endpoints"]:
        mean = found[name].mean(axis=(0, 1, 2))
        np.testing.assert_allclose(mean, numbers[f"{case}/channel_mean/{name}"], atol=TOLERANCE)


def test_parameters():
    """3 x 3 kernels and biases: of one convolution, of 5 to 64, 64, 32, 2."""
    assert build_flow_decoder("simple", 5).count_params() == 9 * 5 * 2 + 2
    spatial = 9 * (5 * 64 + 64 * 64 + 64 * 32 + 32 * 2) + 64 + 64 + 32 + 2
    assert build_flow_decoder("spatial", 5).count_params() == spatial


@pytest.mark.parametrize("kind", sorted(DECODERS))
def test_a_decoder_starts_at_no_motion_and_sees_one_moment_alone(kind, tmp_path):
    features = keras.Input((3, 6, 5, 4))
    model = keras.Model(features, decode_clip(kind, features, "Mixed_3c_decoder"))
    assert model.output_shape == (None, 3, 6, 5, 2)
    random = np.random.default_rng(0)
    clip = random.standard_normal((1, 3, 6, 5, 4), np.float32)
    assert not model.predict(clip, verbose=0).any()
    for variable in model.trainable_variables:
        variable.assign(random.normal(0, 0.1, variable.shape))
    other = clip.copy()
    other[:, 1] += 1
    before, after = (model.predict(c, verbose=0) for c in (clip, other))
    np.testing.assert_array_equal(after[:, [0, 2]], before[:, [0, 2]])
    assert np.abs(after[:, 1] - before[:, 1]).max() > 0.01
    model.save(tmp_path / "decoder.keras")
    again = keras.saving.load_model(tmp_path / "decoder.keras").predict(clip, verbose=0)
    np.testing.assert_array_equal(again, before)


def test_an_unknown_decoder():
    with pytest.raises(ValueError, match="one of simple, spatial, pwc. Received: 'dense'"):
        build_flow_decoder("dense", 4)
