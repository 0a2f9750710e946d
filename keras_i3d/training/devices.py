"""One device, several, several machines: strategies, and how a batch is divided among them."""

import itertools
import json
import os

import keras
import tensorflow as tf

STRATEGIES = ("auto", "one", "mirrored", "multi_worker")


def check_backend() -> None:
    """Raise ValueError on another Keras backend than TensorFlow, which steps and exports are of."""
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            f"Keras' backend should be tensorflow to train or export: set "
            f"KERAS_BACKEND=tensorflow. Received: {keras.backend.backend()}"
        )


def make_strategy(name: str = "auto") -> tf.distribute.Strategy:
    """Return the strategy of that name; before anything else of TensorFlow for "multi_worker".

    auto: multi_worker where TF_CONFIG names a cluster, mirrored where there are several GPUs, else
        one.
    one: the first GPU, or the CPU.
    mirrored: all GPUs of the machine; without any, all its (logical) CPU devices.
    multi_worker: all devices of all the workers that TF_CONFIG names.

    Raises:
        ValueError: for another name, and where TF_CONFIG is missing or damaged.
    """
    if name not in STRATEGIES:
        raise ValueError(f"strategy should be one of {', '.join(STRATEGIES)}. Received: {name!r}")
    cluster = _cluster()
    if name == "auto" and cluster:
        name = "multi_worker"
    if name == "multi_worker":
        if not cluster:
            raise ValueError("strategy=multi_worker needs TF_CONFIG, which names the workers")
        return tf.distribute.MultiWorkerMirroredStrategy()
    gpus = tf.config.list_logical_devices("GPU")
    if name == "mirrored" or (name == "auto" and len(gpus) > 1):
        if gpus:
            return tf.distribute.MirroredStrategy()
        cpus = [device.name for device in tf.config.list_logical_devices("CPU")]
        # The default collectives allow one such strategy in a process, on CPUs.
        return tf.distribute.MirroredStrategy(cpus, tf.distribute.ReductionToOneDevice())
    return tf.distribute.get_strategy()


def _cluster() -> dict:
    text = os.environ.get("TF_CONFIG", "")
    try:
        cluster = json.loads(text or "{}").get("cluster", {})
    except (ValueError, AttributeError) as error:
        raise ValueError(f"TF_CONFIG should be a JSON object. Received: {text!r}") from error
    if unknown := sorted(cluster.keys() - {"chief", "worker"}):
        raise ValueError(
            f"TF_CONFIG should have chief and worker in its cluster. Received: {unknown}"
        )
    return cluster


def make_deterministic() -> None:
    """Use TensorFlow's deterministic kernels: same command, same bits, at some cost of time."""
    tf.config.experimental.enable_op_determinism()


class Devices:
    """A strategy, and this process's place in it.

    Attributes:
        strategy: TensorFlow's.
        worker, workers: this process's number among how many; 0 of 1 but for multi_worker.
        replicas: devices that compute, of all workers together.

    Raises:
        ValueError: as `check_backend` does.
    """

    def __init__(self, strategy: tf.distribute.Strategy | None = None):
        check_backend()
        self.strategy = strategy or tf.distribute.get_strategy()
        self.replicas = self.strategy.num_replicas_in_sync
        self.worker, self.workers = 0, 1
        resolver = self.strategy.cluster_resolver
        if resolver is not None and resolver.task_type:
            jobs = resolver.cluster_spec().as_dict()
            chiefs = len(jobs.get("chief", []))
            self.workers = chiefs + len(jobs.get("worker", []))
            self.worker = resolver.task_id + (chiefs if resolver.task_type == "worker" else 0)

    @property
    def is_chief(self) -> bool:
        """Whether this process writes what all have learnt."""
        return self.worker == 0

    def names(self) -> str:
        """Return what computes, in words: "1 CPU", or "16 GPUs of 2 machines"."""
        kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
        many = "s" if self.replicas > 1 else ""
        machines = f" of {self.workers} machines" if self.workers > 1 else ""
        return f"{self.replicas} {kind}{many}{machines}"

    def divide(self, batch: tuple):
        """Divide this worker's batch, (x, y) or (x, y, weights), among its devices, with weights.

        Parts differ by one example at most. Of fewer examples than devices every device gets all,
        with weights that add up to the batch's: so no device is idle, which batch norm would not
        survive, and its statistics and the gradient are the batch's.
        """
        x, y, *weights = batch
        count = int(keras.tree.flatten(y)[0].shape[0])
        weights = tf.cast(weights[0], tf.float32) if weights else tf.ones([count])
        local = self.replicas // self.workers
        if local == 1:
            parts = [(x, y, weights)]
        elif count < local:
            if self.workers > 1 or not count:
                raise ValueError(
                    f"a batch should have at least one example for each of the {local} devices of "
                    f"worker {self.worker}. Received: {count}"
                )
            parts = [(x, y, weights / local)] * local
        else:
            bounds = [count * i // local for i in range(local + 1)]
            cuts = [slice(*pair) for pair in itertools.pairwise(bounds)]
            whole = (x, y, weights)
            parts = [keras.tree.map_structure(lambda a, cut=cut: a[cut], whole) for cut in cuts]
        if self.replicas == 1:
            return parts[0]
        first = self.worker * local
        flat = [keras.tree.flatten(part) for part in parts]
        spread = [
            self.strategy.experimental_distribute_values_from_function(
                lambda context, n=n: flat[context.replica_id_in_sync_group - first][n]
            )
            for n in range(len(flat[0]))
        ]
        return keras.tree.pack_sequence_as(parts[0], spread)

    def sum(self, value: float) -> float:
        """Return the sum of one number of each worker."""
        if self.workers == 1:
            return value
        local = self.replicas // self.workers
        spread = self.strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(value / local, tf.float64)
        )
        return float(self.strategy.reduce(tf.distribute.ReduceOp.SUM, spread, axis=None))


def sum_over_devices(shape) -> tf.Variable:
    """Return a variable of each device, whose sum over all devices is read."""
    return tf.Variable(
        tf.zeros(shape),
        trainable=False,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.SUM,
    )
