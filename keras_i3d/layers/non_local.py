"""The non-local block: every position of a clip looks at every other."""

import keras
from keras import layers, ops

from keras_i3d.layers.bottleneck import RESNET_NORM
from keras_i3d.layers.conv_unit import ConvUnit3D

FORMS = ("gaussian", "embedded_gaussian", "dot_product", "concatenation")


@keras.saving.register_keras_serializable("keras_i3d")
class NonLocalBlock3D(layers.Layer):
    """Adds to every position i the mean of g(x_j) over all j, weighted by how they fit x_i.

        y_i = sum_j f(x_i, x_j) g(x_j)            z_i = x_i + batch_norm(out(y_i))

        gaussian             f = softmax_j(x_i . x_j)
        embedded_gaussian    f = softmax_j(theta(x_i) . phi(x_j) / sqrt(inner))
        dot_product          f = theta(x_i) . phi(x_j) / N                  N positions j
        concatenation        f = relu(w . [theta(x_i), phi(x_j)]) / N

    theta, phi, g and out are 1 x 1 x 1 convolutions with bias. The scale of the batch norm starts
    at 0, so that the block may be put into a trained network without changing its output.

    Args:
        form: one of FORMS.
        inner: channels of theta, phi and g; by default half of the input's.
        sub_sample: (time, height, width) of the max pool that leaves fewer positions j, which it
            rounds down; None for all of them.
        pool_first: whether the pool comes before phi and g, as in the original, or after them, as
            in mmaction2.
        scale: whether the embedded Gaussian divides by sqrt(inner), as the original code does and
            the paper's equation 4 does not.
        batch_norm: whether batch norm follows `out`; without it the kernel of `out` starts at 0.
        groups: consecutive parts of the clip's time, each of which looks at itself alone.

    Input and output (batch, time, height, width, channels).

    Source: Wang et al., "Non-local Neural Networks", section 3; SlowFast, nonlocal_helper.py, which
    is video-nonlocal-net's; for pool_first=False mmcv, cnn/bricks/non_local.py.
    """

    def __init__(
        self,
        form: str = "embedded_gaussian",
        inner: int | None = None,
        sub_sample: tuple[int, int, int] | None = (1, 2, 2),
        pool_first: bool = True,
        scale: bool = True,
        batch_norm: bool = True,
        groups: int = 1,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if form not in FORMS:
            raise ValueError(f"form should be one of {FORMS}. Received: form={form!r}")
        self.form, self.inner, self.scale, self.batch_norm = form, inner, scale, batch_norm
        self.sub_sample = None if sub_sample is None else tuple(sub_sample)
        self.pool_first, self.groups = pool_first, groups

    def build(self, input_shape):
        channels = input_shape[-1]
        inner = self.inner or channels // 2
        shared = {"trainable": self.trainable, "dtype": self.dtype_policy}
        plain = {"use_batch_norm": False, "use_bias": True, "activation": None, **shared}
        plain["kernel_initializer"] = keras.initializers.RandomNormal(stddev=0.01)
        self.g = ConvUnit3D(inner, name="g", **plain)
        if self.form != "gaussian":
            self.theta = ConvUnit3D(inner, name="theta", **plain)
            self.phi = ConvUnit3D(inner, name="phi", **plain)
        if self.form == "concatenation":
            self.weight = self.add_weight(
                (2 * inner,), keras.initializers.RandomNormal(stddev=0.01), name="concatenation"
            )
        out = {**plain, "use_batch_norm": self.batch_norm}
        out["norm"] = {**RESNET_NORM, "gamma_initializer": "zeros"}
        if not self.batch_norm:
            out["kernel_initializer"] = "zeros"
        self.out = ConvUnit3D(channels, name="out", **out)
        self.pool = None
        if self.sub_sample is not None:
            self.pool = layers.MaxPooling3D(
                self.sub_sample, data_format="channels_last", name="pool", dtype=self.dtype_policy
            )
        for unit in self._units:
            unit.build((*input_shape[:-1], inner if unit is self.out else channels))

    @property
    def _units(self) -> list[ConvUnit3D]:
        embeddings = [] if self.form == "gaussian" else [self.theta, self.phi]
        return [*embeddings, self.g, self.out]

    def call(self, clip, training=None):
        shape = ops.shape(clip)
        x = clip
        if self.groups > 1:  # consecutive frames stay side by side
            batch, frames = shape[0] * self.groups, shape[1] // self.groups
            x = ops.reshape(x, (batch, frames, *shape[2:]))
        queries = x if self.form == "gaussian" else self.theta(x)
        keys, values = self._keys_and_values(x)
        answers = ops.matmul(self._affinity(_flat(queries), _flat(keys)), _flat(values))
        answers = ops.reshape(answers, (*shape[:-1], answers.shape[-1]))
        return clip + self.out(answers, training=training)

    def _keys_and_values(self, x):
        """(phi(x_j), g(x_j)) of the positions j that are looked at."""
        phi = (lambda x: x) if self.form == "gaussian" else self.phi
        if self.pool is None:
            return phi(x), self.g(x)
        if self.pool_first:
            x = self.pool(x)
            return phi(x), self.g(x)
        return self.pool(phi(x)), self.pool(self.g(x))

    def _affinity(self, queries, keys):
        """(batch, i, channels) and (batch, j, channels) to f: (batch, i, j)."""
        if self.form == "concatenation":
            inner = queries.shape[-1]
            weight = ops.cast(self.weight, queries.dtype)
            ours = ops.sum(queries * weight[:inner], axis=-1)
            theirs = ops.sum(keys * weight[inner:], axis=-1)
            scores = ops.relu(ours[:, :, None] + theirs[:, None, :])
        else:
            scores = ops.matmul(queries, ops.transpose(keys, (0, 2, 1)))
        if self.form in ("dot_product", "concatenation"):
            return scores / ops.cast(ops.shape(keys)[1], scores.dtype)
        if self.form == "embedded_gaussian" and self.scale:
            scores = scores * queries.shape[-1] ** -0.5
        # The softmax, in float32 at least since in half precision small weights would vanish; not
        # ops.softmax, which warns where a small clip leaves a single position j.
        wide = ops.cast(scores, keras.backend.result_type(scores.dtype, "float32"))
        weights = ops.exp(wide - ops.logsumexp(wide, axis=-1, keepdims=True))
        return ops.cast(weights, scores.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "form": self.form,
            "inner": self.inner,
            "sub_sample": self.sub_sample,
            "pool_first": self.pool_first,
            "scale": self.scale,
            "batch_norm": self.batch_norm,
            "groups": self.groups,
        }


def _flat(x):
    """(batch, time, height, width, channels) to (batch, positions, channels)."""
    shape = ops.shape(x)
    return ops.reshape(x, (shape[0], shape[1] * shape[2] * shape[3], x.shape[-1]))
