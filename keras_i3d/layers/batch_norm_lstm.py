"""The LSTM with batch norm on its recurrence, its input and its cell."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("keras_i3d")
class BatchNormLSTM(layers.Layer):
    """LSTM whose two products and whose cell go through batch norm, at every step by itself.

        i, f, g, o = BN(W_h h; gamma_h) + BN(W_x x; gamma_x) + b
        c = sigmoid(f) c + sigmoid(i) tanh(g)
        h = sigmoid(o) tanh(BN(c; gamma_c, beta_c))

    Every step has statistics of its own, since those of the first steps are unlike the later ones';
    steps after the last that was learnt have that one's. On several devices each takes those of its
    own part of the batch, since devices cannot wait for each other inside the loop. Scales start at
    0.1, which keeps tanh from saturating.

    Args:
        units: of h and c.
        steps: steps with statistics of their own: as many as clips have in training.
        momentum, epsilon: of batch norm.

    Input (batch, time, channels); output (batch, time, units): h after every step.

    Source: Cooijmans et al., "Recurrent Batch Normalization", 2016, equations 6 to 8 and section 3;
    the order of the gates is Keras'.
    """

    def __init__(
        self,
        units: int,
        steps: int = 25,
        momentum: float = 0.99,
        epsilon: float = 1e-5,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units, self.steps = units, steps
        self.momentum, self.epsilon = momentum, epsilon

    def build(self, input_shape):
        units, gates = self.units, 4 * self.units
        tenth = keras.initializers.Constant(0.1)
        self.kernel = self.add_weight((input_shape[-1], gates), "glorot_uniform", name="kernel")
        self.recurrent_kernel = self.add_weight(
            (units, gates), "orthogonal", name="recurrent_kernel"
        )
        self.bias = self.add_weight((gates,), _forgetting_little, name="bias")
        self.input_norm = self._norm("input", gates, tenth)
        self.recurrent_norm = self._norm("recurrent", gates, tenth)
        self.cell_norm = self._norm("cell", units, tenth)
        self.cell_beta = self.add_weight((units,), "zeros", name="cell_beta")

    def _norm(self, name: str, width: int, start):
        """gamma, and mean and variance of every step."""
        kept = {"shape": (self.steps, width), "trainable": False, "autocast": False}
        return (
            self.add_weight((width,), start, name=f"{name}_gamma"),
            self.add_weight(initializer="zeros", name=f"{name}_moving_mean", **kept),
            self.add_weight(initializer="ones", name=f"{name}_moving_variance", **kept),
        )

    def call(self, sequence, training=None):
        learning = bool(training) and self.trainable
        batch, time, _ = ops.shape(sequence)
        gamma_x, *kept_x = self.input_norm
        gamma_h, *kept_h = self.recurrent_norm
        gamma_c, *kept_c = self.cell_norm

        def statistics(values, kept, steps):
            """Mean and variance: of the batch, or the kept ones, of which the last serves on."""
            if learning:
                return ops.moments(values, axes=-2, keepdims=True)
            rows = ops.minimum(steps, self.steps - 1)
            return [ops.expand_dims(ops.take(one, rows, axis=0), -2) for one in kept]

        def normed(values, gamma, mean, variance):
            return (values - mean) * ops.rsqrt(variance + self.epsilon) * gamma

        inputs = ops.transpose(ops.matmul(sequence, self.kernel), (1, 0, 2))
        of_x = statistics(inputs, kept_x, ops.arange(time))
        inputs = normed(inputs, gamma_x, *of_x) + self.bias

        def step(now, h, c, outputs, *recorded):
            recurrent = ops.matmul(h, self.recurrent_kernel)
            of_h = statistics(recurrent, kept_h, now)
            gates = normed(recurrent, gamma_h, *of_h) + ops.take(inputs, now, axis=0)
            i, f, g, o = ops.split(gates, 4, axis=-1)
            c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
            of_c = statistics(c, kept_c, now)
            h = ops.sigmoid(o) * ops.tanh(normed(c, gamma_c, *of_c) + self.cell_beta)
            here = ops.reshape(ops.arange(time) == now, (-1, 1, 1))
            if learning:
                pairs = zip((*of_h, *of_c), recorded, strict=True)
                recorded = [ops.where(here, new, all_steps) for new, all_steps in pairs]
            return now + 1, h, c, ops.where(here, h, outputs), *recorded

        # Of plain tensors, which OpenVINO reads; ops.scan's lists of tensors it does not. What is
        # found at each step is put in its place.
        nothing = ops.zeros((batch, self.units), inputs.dtype)
        outputs = ops.zeros((time, batch, self.units), inputs.dtype)
        kept = (*kept_h, *kept_c) if learning else ()
        recorded = [ops.zeros((time, 1, one.shape[-1]), inputs.dtype) for one in kept]
        _, _, _, outputs, *recorded = ops.while_loop(
            lambda now, *_: now < time, step, (0, nothing, nothing, outputs, *recorded)
        )
        if learning:
            self._average_in((*kept_x, *kept), (*of_x, *recorded))
        return ops.transpose(outputs, (1, 0, 2))

    def _average_in(self, kept, found):
        """Move the kept statistics towards this batch's, (time, 1, channels) each."""
        # The last step's statistics serve all that follow.
        rows = ops.minimum(ops.arange(self.steps), ops.shape(found[0])[0] - 1)
        for average, new in zip(kept, found, strict=True):
            new = ops.stop_gradient(ops.take(ops.squeeze(new, -2), rows, axis=0))
            average.assign(average * self.momentum + new * (1 - self.momentum))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:2], self.units)

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "steps": self.steps,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
        }


def _forgetting_little(shape, dtype=None):
    """1 for the forget gate, 0 for the others."""
    third = ops.arange(shape[0]) // (shape[0] // 4) == 1
    return ops.cast(third, dtype)
