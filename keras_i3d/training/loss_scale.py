"""The scale of the loss that keeps small gradients from vanishing in float16."""

import keras
import tensorflow as tf

from keras_i3d.layers.keras_internals import all_layers

# As Keras' LossScaleOptimizer has it.
FIRST_SCALE = 2.0**15
STEPS_TO_DOUBLE = 2000


class LossScale:
    """What the loss is multiplied by, and its gradient divided by: 1 but for float16.

    Args:
        model: decides, by its layers' policies.
    """

    def __init__(self, model: keras.Model):
        self.half = any(
            layer.dtype_policy.compute_dtype == "float16" for layer in all_layers(model)
        )
        self.value = tf.Variable(FIRST_SCALE if self.half else 1.0, trainable=False)
        self.steps = tf.Variable(0, trainable=False)

    @property
    def variables(self) -> list[tf.Variable]:
        """What a checkpoint must keep."""
        return [self.value, self.steps]

    def adapt(self, finite: tf.Tensor) -> tf.Tensor:
        """Halve the scale when a gradient overflows, double it after STEPS_TO_DOUBLE without.

        Returns:
            Whether the gradient is not finite, and no smaller scale could help.
        """
        lost = tf.logical_not(finite)
        if not self.half:
            return lost
        lost = tf.logical_and(lost, self.value <= 1.0)
        steps = tf.where(finite, self.steps + 1, 0)
        double = steps >= STEPS_TO_DOUBLE
        scale = tf.where(double, self.value * 2, self.value)
        self.value.assign(tf.where(finite, scale, tf.maximum(self.value / 2, 1.0)))
        self.steps.assign(tf.where(double, 0, steps))
        return lost
