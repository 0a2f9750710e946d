"""The non-local block by value, and by its laws."""

import keras
import numpy as np
import pytest

from keras_i3d.layers import NonLocalBlock3D
from keras_i3d.layers.non_local import FORMS


def softmax(scores):
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def pooled(x):
    """The maximum of each 1 x 2 x 2, what is left over dropped."""
    n, t, h, w, c = x.shape
    x = x[:, :, : h // 2 * 2, : w // 2 * 2].reshape(n, t, h // 2, 2, w // 2, 2, c)
    return x.max(axis=(3, 5))


def in_numpy(x, arrays, form, sub_sample=True, pool_first=True, scale=True):
    """The paper's equations, one line each; `arrays` by the end of their paths."""

    def conv(name, x):
        return x @ arrays[f"{name}/conv_3d/kernel"][0, 0, 0] + arrays[f"{name}/conv_3d/bias"]

    def taken(embed):
        if not sub_sample:
            return embed(x)
        return embed(pooled(x)) if pool_first else pooled(embed(x))

    def flat(x):
        return x.reshape(len(x), -1, x.shape[-1])

    theta = flat(x if form == "gaussian" else conv("theta", x))
    phi = flat(taken(lambda x: x if form == "gaussian" else conv("phi", x)))
    g = flat(taken(lambda x: conv("g", x)))
    if form == "concatenation":
        pairs = np.concatenate(np.broadcast_arrays(theta[:, :, None], phi[:, None]), axis=-1)
        f = np.maximum(pairs @ arrays["concatenation"], 0) / phi.shape[1]
    else:
        f = theta @ phi.transpose(0, 2, 1)
        f = f / phi.shape[1] if form == "dot_product" else f
        f = f / np.sqrt(theta.shape[-1]) if form == "embedded_gaussian" and scale else f
        f = f if form == "dot_product" else softmax(f)
    z = conv("out", (f @ g).reshape(*x.shape[:-1], -1))
    mean, variance = (arrays[f"out/batch_norm/moving_{s}"] for s in ("mean", "variance"))
    z = (z - mean) / np.sqrt(variance + 1e-5)
    return x + z * arrays["out/batch_norm/gamma"] + arrays["out/batch_norm/beta"]


def drawn(block, shape, seed=0):
    """The block with drawn weights and a clip for it; the arrays by the end of their paths."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape).astype(np.float32)
    block(x)
    arrays = {}
    for variable in block.weights:
        array = rng.uniform(0.2, 1, variable.shape) * rng.choice([-1, 1], variable.shape)
        if variable.path.endswith("variance"):
            array = np.abs(array)
        arrays[variable.path.removeprefix(f"{block.name}/")] = array
        variable.assign(array)
    return x, arrays


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"sub_sample": None},
        {"pool_first": False},
        {"scale": False, "inner": 2},
    ],
    ids=str,
)
def test_each_form_is_what_the_paper_says(form, options):
    block = NonLocalBlock3D(form, **options)
    x, arrays = drawn(block, (2, 3, 5, 4, 6))
    wanted = in_numpy(
        x.astype(np.float64),
        arrays,
        form,
        sub_sample="sub_sample" not in options,
        pool_first=options.get("pool_first", True),
        scale=options.get("scale", True),
    )
    np.testing.assert_allclose(keras.ops.convert_to_numpy(block(x)), wanted, atol=2e-5)


def test_groups_look_at_their_own_part_of_the_time():
    whole, parted = NonLocalBlock3D(name="a"), NonLocalBlock3D(groups=2, name="a")
    x, arrays = drawn(whole, (2, 6, 4, 4, 6))
    parted(x)
    for variable in parted.weights:
        variable.assign(arrays[variable.path.removeprefix("a/")])
    first, second = (keras.ops.convert_to_numpy(whole(x[:, s])) for s in (slice(3), slice(3, 6)))
    came = keras.ops.convert_to_numpy(parted(x))
    np.testing.assert_allclose(came, np.concatenate([first, second], axis=1), atol=1e-5)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("batch_norm", [True, False])
def test_a_new_block_changes_nothing(form, batch_norm):
    block = NonLocalBlock3D(form, batch_norm=batch_norm)
    x = np.random.default_rng(0).normal(size=(1, 2, 4, 4, 6)).astype(np.float32)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(block(x)), x)


@pytest.mark.parametrize("form", FORMS)
def test_positions_have_no_order(form):
    block = NonLocalBlock3D(form, sub_sample=None)
    x, _ = drawn(block, (1, 3, 4, 4, 6))
    order = np.random.default_rng(1).permutation(48)

    def moved(x):
        return x.reshape(1, 48, 6)[:, order].reshape(x.shape)

    came = keras.ops.convert_to_numpy(block(moved(x)))
    np.testing.assert_allclose(came, moved(keras.ops.convert_to_numpy(block(x))), atol=1e-5)


@pytest.mark.parametrize("form", FORMS)
def test_every_variable_learns_once_gamma_has_moved(form):
    tf = pytest.importorskip("tensorflow")
    block = NonLocalBlock3D(form)
    x, _ = drawn(block, (2, 2, 4, 4, 6))
    with tf.GradientTape() as tape:
        out = tf.reduce_sum(block(x) ** 2)
    gradients = tape.gradient(out, [v.value for v in block.trainable_variables])
    still = [
        v.path
        for v, g in zip(block.trainable_variables, gradients, strict=True)
        if g is None or not np.abs(g).max() > 0
    ]
    # Adding a number to all scores of a position changes nothing that comes through a softmax.
    blind = [f"{block.name}/phi/conv_3d/bias"] if form == "embedded_gaussian" else []
    assert [path for path in still if path not in blind] == []


def test_half_precision_still_tells_positions_apart():
    block = NonLocalBlock3D(dtype="bfloat16")
    x = np.random.default_rng(0).normal(size=(1, 2, 8, 8, 4))
    out = block(keras.ops.cast(x, "bfloat16"))
    assert keras.backend.standardize_dtype(out.dtype) == "bfloat16"
    assert block.theta.conv_3d.compute_dtype == "bfloat16"


def test_an_unknown_form_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="gaussian.*concatenation.*Received: form='additive'"):
        NonLocalBlock3D("additive")
