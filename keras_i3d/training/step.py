"""One step: the gradient of a global batch, on however many devices, and what is done with it."""

from collections.abc import Mapping, Sequence

import keras
import tensorflow as tf

from keras_i3d.layers.keras_internals import add_up_nothing
from keras_i3d.training.devices import Devices, sum_over_devices
from keras_i3d.training.forward import Forward
from keras_i3d.training.gradient_shaping import shaped
from keras_i3d.training.loss_scale import LossScale
from keras_i3d.training.step_checks import check_step


class Step:
    """The network, its optimizer and its metrics as functions of a batch.

        step = Step(model, optimizer, supervised(loss), metrics, devices)
        step.accumulate(batch)          # as often as a step's batch is divided in time
        result = step.update(batch)     # the last part of it: the weights move

    The gradient is that of the mean loss of all examples since the last update, on all devices and
    in all parts: sums are added up, and divided once. Then come the L2 penalty, the clipping, the
    layers' own learning rates and the optimizer, whose own clipping, decay and moving average so
    see what they would on one device. A gradient that is not finite changes no weight.

    Args:
        model: built below `devices.strategy.scope()`.
        optimizer: a Keras optimizer, made below the same scope.
        forward: from a batch to the losses of its examples, by name, and the scores.
        metrics: Keras metrics, made outside the scope: they see every example once.
        devices: what to compute on; by default one device.
        loss_weights: {name of each loss that `forward` gives: its weight in their sum, which is
            the loss}; by default one loss, called "loss". Of several each is measured too.
        clip_norm: largest global norm of the gradient; None for any.
        weight_decay: L2 penalty of kernels, weight_decay / 2 times the sum of squares; vectors
            (batch norm's, biases) have none, nor has what no loss reaches.
        factors: {variable.path: factor of its learning rate}; for SGD alone.

    Raises:
        ValueError: for what would not work on these devices, or not be what was asked for.
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        forward: Forward,
        metrics: Sequence[keras.Metric] = (),
        devices: Devices | None = None,
        *,
        loss_weights: Mapping[str, float] | None = None,
        clip_norm: float | None = None,
        weight_decay: float = 0.0,
        factors: dict[str, float] | None = None,
    ):
        self.devices = devices or Devices()
        self.model, self.metrics = model, list(metrics)
        if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            optimizer = optimizer.inner_optimizer  # the loss is scaled here
        self.optimizer, self.forward = optimizer, forward
        self.loss_weights = dict(loss_weights or {"loss": 1.0})
        self.clip_norm, self.weight_decay = clip_norm, weight_decay
        # Each of several losses is measured, besides their weighted sum.
        parts = self.loss_weights if len(self.loss_weights) > 1 else ()
        self.mean_loss = keras.metrics.Mean(name="loss")
        self.mean_parts = {name: keras.metrics.Mean(name=name) for name in parts}
        trainable = model.trainable_variables
        self.factors = [(factors or {}).get(v.path, 1.0) for v in trainable]
        check_step(model, optimizer, self.metrics, self.factors, self.devices)
        self.scale = LossScale(model)
        self._rate, self._parts = None, 0
        with self.devices.strategy.scope():
            if not optimizer.built:
                optimizer.build(trainable)
        self._gradients = self._weight = None
        self._reached = [True] * len(trainable)  # by a loss of any weight; known once traced
        add_up_nothing(optimizer)
        model.optimizer = optimizer
        # With one part on one device, the gradient goes straight to the optimizer.
        self._accumulated = tf.function(self._accumulate, reduce_retracing=True)
        self._updated = tf.function(self._update, reduce_retracing=True)
        self._updated_at_once = tf.function(self._update_at_once, reduce_retracing=True)
        self._evaluated = tf.function(self._evaluate, reduce_retracing=True)

    @property
    def means(self) -> list:
        """The metrics of the losses and the scores, in the order of the results."""
        return [self.mean_loss, *self.mean_parts.values(), *self.metrics]

    @property
    def variables(self) -> list:
        """All that a checkpoint must keep, in an order that depends on the network alone."""
        # model.variables has the seeds of dropout, which model.weights and .keras files lack.
        metrics = [v for metric in self.means for v in metric.variables]
        return [
            *self.model.variables,
            *self.optimizer.variables,
            *metrics,
            *self.scale.variables,
        ]

    @property
    def learning_rate(self) -> float:
        """The optimizer's, now."""
        # A variable on several devices has no float().
        return float(self.optimizer.learning_rate.numpy())

    def set_learning_rate(self, rate: float) -> None:
        """Set the learning rate from now on."""
        if rate != self._rate:
            self.optimizer.learning_rate = self._rate = rate

    def results(self) -> dict[str, float]:
        """Return the mean losses and the metrics since the last `reset`."""
        return {metric.name: float(metric.result()) for metric in self.means}

    def reset(self) -> None:
        """Forget the metrics."""
        for metric in self.means:
            metric.reset_state()

    def accumulate(self, batch: tuple) -> None:
        """Take a divided batch as one part of a step."""
        self._parts += 1
        self._make_sums()
        self._accumulated(batch)

    def update(self, batch: tuple) -> dict[str, tf.Tensor]:
        """Take the last part of a step, and move the weights.

        Returns:
            gradient_norm: before it is clipped. finite: whether the weights have moved. lost:
            whether the gradient is not finite, and no smaller scale of the loss could help.
        """
        parts, self._parts = self._parts, 0
        if self.devices.replicas == 1 and not parts:
            return self._updated_at_once(batch)
        self._make_sums()
        return self._updated(batch)

    def evaluate(self, batch: tuple) -> tuple:
        """Return (labels, scores, weights, losses) of a divided batch, of all devices together.

        losses: {"loss": (batch,), and of several losses each by its name}.
        """
        return self._evaluated(batch)

    # === In graphs ===

    def _evaluate(self, batch):
        def evaluate(x, y, weights):
            losses, scores = self._losses(x, y, training=False)
            return y, scores, weights, losses

        return self._gathered(self.devices.strategy.run(evaluate, args=batch))

    def _losses(self, x, y, training: bool) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        """({"loss": of each example, and of several losses each}, scores)."""
        parts, scores = self.forward(self.model, x, y, training)
        if parts.keys() != self.loss_weights.keys():
            raise ValueError(
                f"forward should give the losses {sorted(self.loss_weights)}, as loss_weights has "
                f"them. Received: {sorted(parts)}"
            )
        total = sum(weight * parts[name] for name, weight in self.loss_weights.items() if weight)
        return {"loss": total, **{name: parts[name] for name in self.mean_parts}}, scores

    def _measure(self, labels, scores, weights, losses) -> None:
        self.mean_loss.update_state(losses["loss"], sample_weight=weights)
        for name, mean in self.mean_parts.items():
            mean.update_state(losses[name], sample_weight=weights)
        for metric in self.metrics:
            metric.update_state(labels, scores, sample_weight=weights)

    def _gradient(self, x, y, weights, factor):
        """On one device: the gradient of the weighted sum of losses times `factor`, and what is
        measured.
        """
        with tf.GradientTape() as tape:
            losses, scores = self._losses(x, y, training=True)
            total = tf.reduce_sum(losses["loss"] * weights)
            for penalty in self.model.losses:
                total += tf.cast(penalty, tf.float32) * tf.reduce_sum(weights)
            scaled = total * factor
        gradients = tape.gradient(scaled, [v.value for v in self.model.trainable_variables])
        self._reached = [g is not None for g in gradients]
        gradients = [
            None if g is None else tf.cast(tf.convert_to_tensor(g), tf.float32) for g in gradients
        ]
        return gradients, (y, scores, weights, losses)

    def _update_at_once(self, batch):
        """A whole step of one part on one device: no sum is kept."""
        # Divided at the loss, not in every gradient: to the bit the same if the weights' sum is a
        # power of two. In float16 it is the sum that the scale is for.
        weight = tf.reduce_sum(batch[2])
        half, scale = self.scale.half, self.scale.value
        gradients, seen = self._gradient(*batch, scale if half else 1 / weight)
        self._measure(*seen)
        trainable = self.model.trainable_variables
        gradients = [
            tf.zeros(v.shape) if g is None else g / (weight * scale) if half else g
            for g, v in zip(gradients, trainable, strict=True)
        ]
        gradients, norm = self._shaped(gradients)
        finite = tf.math.is_finite(norm)

        def apply():
            self.optimizer.apply(gradients, trainable)
            return 0

        tf.cond(finite, apply, lambda: 0)
        return self._outcome(norm, finite)

    def _accumulate(self, batch) -> None:
        def add(x, y, weights):
            gradients, seen = self._gradient(x, y, weights, self.scale.value)
            for accumulator, gradient in zip(self._gradients, gradients, strict=True):
                if gradient is not None:
                    accumulator.assign_add(gradient)
            self._weight.assign_add(tf.reduce_sum(weights))
            return seen

        self._measure(*self._gathered(self.devices.strategy.run(add, args=batch)))

    def _update(self, batch) -> dict[str, tf.Tensor]:
        self._accumulate(batch)
        strategy = self.devices.strategy
        gradients, norm = strategy.run(self._reduced)
        norm = strategy.experimental_local_results(norm)[0]
        finite = tf.math.is_finite(norm)

        def apply():
            strategy.run(
                lambda g: self.optimizer.apply(g, self.model.trainable_variables), (gradients,)
            )
            return 0

        # Above strategy.run, not in it: there a branch could not reach the other devices.
        tf.cond(finite, apply, lambda: 0)
        return self._outcome(norm, finite)

    def _reduced(self):
        """On one device: the global batch's gradient, penalised and clipped, its norm before."""
        context = tf.distribute.get_replica_context()
        sums = [v.read_value() for v in (self._weight, *self._gradients)]
        weight, *gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, sums)
        for accumulator in (self._weight, *self._gradients):
            accumulator.assign(tf.zeros_like(accumulator))
        return self._shaped([g / (weight * self.scale.value) for g in gradients])

    def _shaped(self, gradients: list) -> tuple[list, tf.Tensor]:
        values = [v.value for v in self.model.trainable_variables]
        return shaped(
            gradients, values, self._reached, self.factors, self.weight_decay, self.clip_norm
        )

    def _outcome(self, norm, finite) -> dict[str, tf.Tensor]:
        return {"gradient_norm": norm, "finite": finite, "lost": self.scale.adapt(finite)}

    def _gathered(self, values):
        """One tensor of each of the devices' tensors, one after the other."""
        if self.devices.replicas == 1:
            return values
        return keras.tree.map_structure(lambda v: self.devices.strategy.gather(v, axis=0), values)

    def _make_sums(self) -> None:
        """Variables for the sums over parts and devices, before the first graph that has them."""
        if self._gradients is None:
            with self.devices.strategy.scope():
                shapes = [v.shape for v in self.model.trainable_variables]
                self._gradients = [sum_over_devices(shape) for shape in shapes]
                self._weight = sum_over_devices(())
