"""From a batch to the losses of its examples: what a step is given to learn by."""

from collections.abc import Callable, Mapping, Sequence

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

    def forward(model, inputs, labels, training):
        scores = tf.cast(model(inputs, training=training), tf.float32)
        return {"loss": losses_of(loss, labels, scores)}, scores

    return forward


def losses_of(loss, labels, scores) -> tf.Tensor:
    """Return the loss of each example, (batch,).

    Args:
        loss: as for `supervised`.
        labels: of the batch.
        scores: of the network, float32.
    """
    losses = tf.convert_to_tensor(_function(loss)(labels, scores))
    count = tf.shape(keras.tree.flatten(labels)[0])[0]
    return tf.reduce_mean(tf.reshape(losses, [count, -1]), axis=1)


def deeply_supervised(loss, model: keras.Model, layers: Sequence[str]) -> Forward:
    """Return the forward of one loss at each of several layers of scores, called by their names.

    Args:
        loss: as for `supervised`.
        model: the network that will learn; its output gives the scores that metrics see.
        layers: of scores, (batch, classes), or (batch, steps, classes): then every step is compared
            with the labels, and the losses of all steps are added.
    """
    outputs = {name: model.get_layer(name).output for name in layers}
    outputs = keras.Model(model.input, [model.output, outputs], name="deeply_supervised")
    call = _function(loss)

    def forward(model, inputs, labels, training):
        scores, named = outputs(inputs, training=training)
        losses = {}
        for name, logits in named.items():
            logits = tf.cast(logits, tf.float32)
            if len(logits.shape) == 3:
                repeated = tf.repeat(labels[:, None], tf.shape(logits)[1], axis=1)
                losses[name] = tf.reduce_sum(call(repeated, logits), axis=1)
            else:
                losses[name] = call(labels, logits)
        return losses, tf.cast(scores, tf.float32)

    return forward


def _function(loss) -> Callable:
    """From labels and scores to the losses, before any reduction."""
    loss = keras.losses.get(loss)
    return loss.call if isinstance(loss, keras.losses.Loss) else loss
