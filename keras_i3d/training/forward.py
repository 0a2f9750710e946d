"""From a batch to the losses of its examples: what a step is given to learn by."""

from collections.abc import Callable, Mapping

import keras
import tensorflow as tf

# forward(model, inputs, labels, training) to ({name of a loss: (batch,) of each example}, scores);
# the scores are what the metrics see.
Losses = Mapping[str, tf.Tensor]
Forward = Callable[[keras.Model, object, object, bool], tuple[Losses, tf.Tensor]]


def supervised(loss) -> Forward:
    """Return the forward of one loss between the network's output and the labels.

    Args:
        loss: a Keras loss, or its name; the loss of each example is taken whatever its reduction.
    """
    loss = keras.losses.get(loss)
    call = loss.call if isinstance(loss, keras.losses.Loss) else loss

    def forward(model, inputs, labels, training):
        scores = tf.cast(model(inputs, training=training), tf.float32)
        losses = tf.convert_to_tensor(call(labels, scores))
        count = tf.shape(keras.tree.flatten(labels)[0])[0]
        return {"loss": tf.reduce_mean(tf.reshape(losses, [count, -1]), axis=1)}, scores

    return forward
