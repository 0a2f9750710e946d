"""One step: the gradient of a global batch, on however many devices, and what is done with it."""

import contextlib
import math
from collections.abc import Iterator, Sequence

import keras
import tensorflow as tf

from keras_i3d.training.devices import Devices

# The scale of the loss in float16, as Keras' LossScaleOptimizer has it.
FIRST_SCALE = 2.0**15
STEPS_TO_DOUBLE = 2000


class Step:
    """The network, its optimizer and its metrics as functions of a batch.

        step = Step(model, optimizer, loss, metrics, devices)
        step.accumulate(batch)          # as often as a step's batch is divided in time
        result = step.update(batch)     # the last part of it: the weights move

    The gradient is that of the mean loss of all examples since the last update, on all devices and
    in all parts: sums are added up, and divided once. Then come the L2 penalty, the clipping, the
    layers' own learning rates and the optimizer, whose own clipping, decay and moving average so
    see what they would on one device. A gradient that is not finite changes no weight.

    Args:
        model: built below `devices.strategy.scope()`.
        optimizer: a Keras optimizer, made below the same scope.
        loss: a Keras loss, or its name; the mean over examples is taken whatever its reduction.
        metrics: Keras metrics, made outside the scope: they see every example once.
        devices: what to compute on; by default one device.
        clip_norm: largest global norm of the gradient; None for any.
        weight_decay: L2 penalty of kernels, weight_decay / 2 times the sum of squares; vectors
            (batch norm's, biases) have none.
        factors: {variable.path: factor of its learning rate}; for SGD alone.

    Raises:
        ValueError: for what would not work on these devices, or not be what was asked for.
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        loss,
        metrics: Sequence[keras.Metric] = (),
        devices: Devices | None = None,
        *,
        clip_norm: float | None = None,
        weight_decay: float = 0.0,
        factors: dict[str, float] | None = None,
    ):
        self.devices = devices or Devices()
        self.model, self.metrics = model, list(metrics)
        if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            optimizer = optimizer.inner_optimizer  # the loss is scaled here
        self.optimizer = optimizer
        self.clip_norm, self.weight_decay = clip_norm, weight_decay
        loss = keras.losses.get(loss)
        self.loss = loss.call if isinstance(loss, keras.losses.Loss) else loss
        self.mean_loss = keras.metrics.Mean(name="loss")
        trainable = model.trainable_variables
        self.factors = [(factors or {}).get(v.path, 1.0) for v in trainable]
        _refuse(model, optimizer, self.metrics, self.factors, self.devices)
        half = any(
            layer.dtype_policy.compute_dtype == "float16"
            for layer in model._flatten_layers(include_self=False)
        )
        self.scale = tf.Variable(FIRST_SCALE if half else 1.0, trainable=False)
        self.steps_at_scale = tf.Variable(0, trainable=False)
        self.half, self._rate = half, None
        with self.devices.strategy.scope():
            if not optimizer.built:
                optimizer.build(trainable)
            self.gradients = [_sum_over_devices(v.shape) for v in trainable]
            self.weight = _sum_over_devices(())
        # Keras' optimizers would add up over devices what has been added up already.
        optimizer._all_reduce_sum_gradients = lambda gradients_and_variables: (
            gradients_and_variables
        )
        model.optimizer = optimizer
        self.accumulate = tf.function(self._accumulate, reduce_retracing=True)
        self.update = tf.function(self._update, reduce_retracing=True)
        self._predict = tf.function(self._predict_on_devices, reduce_retracing=True)

    @property
    def variables(self) -> list:
        """All that a checkpoint must keep, in an order that depends on the network alone."""
        # model.variables has the seeds of dropout, which model.weights and .keras files lack.
        metrics = [v for metric in (self.mean_loss, *self.metrics) for v in metric.variables]
        own = [self.scale, self.steps_at_scale]
        return [*self.model.variables, *self.optimizer.variables, *metrics, *own]

    @property
    def learning_rate(self) -> float:
        """The optimizer's, now."""
        # A variable of several devices knows no float().
        return float(self.optimizer.learning_rate.numpy())

    def set_learning_rate(self, rate: float) -> None:
        """The learning rate from now on."""
        if rate != self._rate:
            self.optimizer.learning_rate = self._rate = rate

    @contextlib.contextmanager
    def averaged_weights(self) -> Iterator[None]:
        """The network has the optimizer's moving averages within; the same weights without one."""
        if not self.optimizer.use_ema:
            yield
            return
        trainable = self.model.trainable_variables
        own = [v.numpy() for v in trainable]
        try:
            for variable, average in zip(
                trainable, self.optimizer._model_variables_moving_average, strict=True
            ):
                variable.assign(average.numpy())
            yield
        finally:
            for variable, value in zip(trainable, own, strict=True):
                variable.assign(value)

    def results(self) -> dict[str, float]:
        """The mean loss and the metrics since the last `reset`."""
        measured = {m.name: m.result() for m in (self.mean_loss, *self.metrics)}
        return {name: float(value) for name, value in measured.items()}

    def reset(self) -> None:
        """Forget the metrics."""
        for metric in (self.mean_loss, *self.metrics):
            metric.reset_state()

    def predict(self, batch: tuple) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """(labels, scores, weights) of a divided batch, all devices' together, on every worker."""
        return self._predict(batch)

    def _predict_on_devices(self, batch):
        def forward(x, y, weights):
            return y, tf.cast(self.model(x, training=False), tf.float32), weights

        return self._gathered(self.devices.strategy.run(forward, args=batch))

    def _accumulate(self, batch) -> None:
        seen = self.devices.strategy.run(self._forward_and_back, args=batch)
        labels, scores, weights, losses = self._gathered(seen)
        self.mean_loss.update_state(losses, sample_weight=weights)
        for metric in self.metrics:
            metric.update_state(labels, scores, sample_weight=weights)

    def _forward_and_back(self, x, y, weights):
        """On one device: adds the gradient of the weighted sum of losses to what is there."""
        trainable = self.model.trainable_variables
        with tf.GradientTape() as tape:
            scores = tf.cast(self.model(x, training=True), tf.float32)
            losses = tf.convert_to_tensor(self.loss(y, scores))
            losses = tf.reduce_mean(tf.reshape(losses, [tf.shape(weights)[0], -1]), axis=1)
            total = tf.reduce_sum(losses * weights)
            for penalty in self.model.losses:
                total += tf.cast(penalty, tf.float32) * tf.reduce_sum(weights)
            scaled = total * self.scale
        gradients = tape.gradient(scaled, [v.value for v in trainable])
        for accumulator, gradient in zip(self.gradients, gradients, strict=True):
            if gradient is not None:
                accumulator.assign_add(tf.cast(tf.convert_to_tensor(gradient), tf.float32))
        self.weight.assign_add(tf.reduce_sum(weights))
        return y, scores, weights, losses

    def _update(self, batch) -> dict[str, tf.Tensor]:
        """The last part of a step; the gradient's norm, and whether the weights have moved."""
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
        lost = tf.logical_not(finite)
        if self.half:
            lost = tf.logical_and(lost, self.scale <= 1.0)
            self._adapt_scale(finite)
        return {"gradient_norm": norm, "finite": finite, "lost": lost}

    def _reduced(self):
        """On one device: the global batch's gradient, penalised and clipped, its norm before."""
        context = tf.distribute.get_replica_context()
        sums = [v.read_value() for v in (self.weight, *self.gradients)]
        weight, *gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, sums)
        for accumulator in (self.weight, *self.gradients):
            accumulator.assign(tf.zeros_like(accumulator))
        gradients = [g / (weight * self.scale) for g in gradients]
        trainable = self.model.trainable_variables
        if self.weight_decay:
            gradients = [
                g + self.weight_decay * tf.cast(v.value, tf.float32) if len(v.shape) > 1 else g
                for g, v in zip(gradients, trainable, strict=True)
            ]
        norm = tf.linalg.global_norm(gradients)
        if self.clip_norm is not None:
            gradients, _ = tf.clip_by_global_norm(gradients, self.clip_norm, use_norm=norm)
        scaled = zip(gradients, self.factors, strict=True)
        return [g * f if f != 1.0 else g for g, f in scaled], norm

    def _apply(self, gradients) -> None:
        self.optimizer.apply(gradients, self.model.trainable_variables)

    def _adapt_scale(self, finite) -> None:
        """Halved when a gradient overflows, doubled after STEPS_TO_DOUBLE steps without."""
        steps = tf.where(finite, self.steps_at_scale + 1, 0)
        double = steps >= STEPS_TO_DOUBLE
        scale = tf.where(double, self.scale * 2, self.scale)
        self.scale.assign(tf.where(finite, scale, tf.maximum(self.scale / 2, 1.0)))
        self.steps_at_scale.assign(tf.where(double, 0, steps))

    def _gathered(self, values):
        """One tensor of each of the devices' tensors, one after the other."""
        if self.devices.replicas == 1:
            return values
        return keras.tree.map_structure(lambda v: self.devices.strategy.gather(v, axis=0), values)


def _sum_over_devices(shape) -> tf.Variable:
    return tf.Variable(
        tf.zeros(shape),
        trainable=False,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.SUM,
    )


def _refuse(model, optimizer, metrics, factors: list[float], devices: Devices) -> None:
    """ValueError for what this step does not do, or does otherwise than on one device."""
    if optimizer.gradient_accumulation_steps:
        raise ValueError("take accumulate=, not the optimizer's gradient_accumulation_steps")
    if optimizer.ema_overwrite_frequency:
        raise ValueError("ema_overwrite_frequency does not work on several devices; leave it out")
    if any(f != 1.0 for f in factors) and not isinstance(optimizer, keras.optimizers.SGD):
        raise ValueError(
            f"layers' own learning rates are for SGD; {type(optimizer).__name__} divides them out"
        )
    if not model.trainable_variables:
        raise ValueError(f"{model.name} has nothing that learns")
    for metric in metrics:
        if any(isinstance(v.value, tf.distribute.DistributedValues) for v in metric.variables):
            raise ValueError(f"metric {metric.name}: make metrics outside strategy.scope()")
    if optimizer._distribution_strategy is not devices.strategy:
        raise ValueError("make the optimizer below the strategy's scope")
    if any(not math.isfinite(f) for f in factors):
        raise ValueError("factors of learning rates are finite")
