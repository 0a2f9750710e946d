"""Decoders of flow, trained on a frozen network's end points; resumable."""

import dataclasses
import itertools
import logging
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import keras

from keras_i3d.applications.loaded import LoadedNetwork, load
from keras_i3d.data.batches.augmentation import Augmentation
from keras_i3d.data.batches.data_source import open_source
from keras_i3d.data.batches.evaluation import evaluation_batches
from keras_i3d.data.lists.data_set import DataSet
from keras_i3d.data.pixels.preprocessing import Input
from keras_i3d.files.whole import remove_leftovers, whole_path, write_whole
from keras_i3d.training.checkpoints import Checkpoints
from keras_i3d.training.devices import Devices
from keras_i3d.training.failures import in_one_line
from keras_i3d.training.flow_errors import Example, FlowErrors, measure_flow
from keras_i3d.training.flow_forward import (
    ZEROS,
    build_decoders,
    decoder_name,
    flow_forward,
    frozen_end_points,
    with_flow,
)
from keras_i3d.training.flow_settings import SETTINGS, FlowDecoding, as_json, check_decoding_folder
from keras_i3d.training.frozen_network import check_frozen_network, keep_frozen_network
from keras_i3d.training.inputs import VALIDATION_BATCH, Inputs, open_inputs
from keras_i3d.training.learning_rate_schedules import CosineSchedule
from keras_i3d.training.loop import Plan, fit
from keras_i3d.training.progress import History, Progress
from keras_i3d.training.step import Step
from keras_i3d.training.transfer import synchronise

ERRORS = "errors.npz"
WARM_UP = 20  # steps


def decode_flow(
    settings: FlowDecoding,
    folder: str | Path,
    devices: Devices | None = None,
    *,
    network: LoadedNetwork | None = None,
    data: DataSet | None = None,
    checkpoint_every: int = 100,
    log_every: int = 20,
    validate: bool = True,
    stream=None,
) -> tuple[FlowErrors, list[Example]]:
    """Train the decoders, on from the folder's last checkpoint, and measure them.

    The folder has decoding.json, frozen_network.json, history.csv, tensorboard/, checkpoints/,
    errors.npz and, of each decoder, ENDPOINT_KIND.keras: from features to flow in pixels of the
    input.

    Args:
        settings: all numbers.
        folder: made if need be.
        devices: what to compute on; by default one device.
        network: what `settings.network` names, where it is loaded already.
        data: that of the settings, where its flow has been computed since.
        checkpoint_every, log_every: steps from one to the next.
        validate: whether the held-out videos are measured after each quarter of the steps too, for
            history.csv and TensorBoard.
        stream: where progress is shown; by default standard error.

    Returns:
        The errors on the held-out videos, and examples of flow.

    Raises:
        ValueError: before the start, for invalid settings, such as an end point that is not there,
            or a folder of other settings, or of another network's decoders.
        OSError, FailedError, NotFiniteError, Interrupted: as `training.run.train`.
    """
    folder, devices = Path(folder), devices or Devices()
    check_decoding_folder(settings, folder)
    keras.utils.set_random_seed(settings.seed)
    with devices.strategy.scope():
        network = network or load(settings.network, model=settings.model, stream=settings.stream)
        check_frozen_network(network, folder)
        inputs = frames_of(settings, network)
        frozen = frozen_end_points(network.model, settings.end_points)
        decoders = build_decoders(frozen, inputs, settings.decoders)
        synchronise(decoders)
        optimizer = keras.optimizers.Adam(settings.learning_rate)
    data = dataclasses.replace(data or settings.data, seed=settings.seed)
    opened = open_inputs(
        data, inputs, devices, batch_size=settings.batch_size,
        augmentation=Augmentation(flip=settings.flip),
    )  # fmt: skip
    kinds = {**dict.fromkeys(settings.decoders, 1.0), ZEROS: 0.0}
    step = Step(
        decoders,
        optimizer,
        flow_forward(frozen, inputs["flow"].preprocessing),
        devices=devices,
        loss_weights={
            decoder_name(name, kind): weight
            for name in settings.end_points
            for kind, weight in kinds.items()
        },
    )
    folder.mkdir(parents=True, exist_ok=True)
    remove_leftovers(folder)
    keep_frozen_network(network, folder)
    write_whole(folder / SETTINGS, as_json(settings))
    for line in _summary(settings, network, inputs, opened, devices, folder):
        print(line, file=stream or sys.stderr, flush=True)
    with in_one_line():
        learning = opened if validate else dataclasses.replace(opened, validation=None)
        _fit(step, learning, settings, folder, checkpoint_every, log_every, stream)
        held_out = open_source(data, data.validation_split, inputs)
        batch = VALIDATION_BATCH * devices.replicas
        batches = evaluation_batches(
            held_out, batch, inputs, num_clips=settings.num_clips, skipped=opened.skipped
        )
        errors, examples = measure_flow(frozen, decoders, inputs, batches, held_out.id)
    if opened.skipped:
        logging.warning("%s", opened.skipped.report())
        errors = dataclasses.replace(errors, left_out=tuple(sorted(opened.skipped.causes)))
    _save(decoders, settings, folder)
    errors.save(folder / ERRORS)
    return errors, examples


def frames_of(settings: FlowDecoding, network: LoadedNetwork) -> dict[str, Input]:
    """Return what each stream sees of a video, flow among them: the network's, in these sizes."""
    sizes = (settings.num_frames, None, settings.resize, settings.crop)
    return with_flow({s: one.changed(*sizes) for s, one in network.record.inputs.items()})


def _summary(settings: FlowDecoding, network: LoadedNetwork, inputs: Mapping[str, Input],
             opened: Inputs, devices: Devices, folder: Path) -> Iterator[str]:  # fmt: skip
    """The lines of `run_summary`, of decoders."""
    s, seen = settings, inputs["flow"]
    done = Checkpoints(folder / "checkpoints", 2).last_step()
    yield (
        f"network  {network.record.network}, {network.record.stream}, from {network.source}, "
        f"frozen; {', '.join(s.decoders)} at {', '.join(s.end_points)}"
    )
    yield (
        f"data     {s.data.data}: {opened.learnt:,} training videos ({s.data.train_split}), "
        f"{opened.validated:,} held out ({s.data.validation_split})"
    )
    yield (
        f"run      {s.steps:,} steps of {s.batch_size:,} clips ({seen.frames} x {seen.crop} x "
        f"{seen.crop}), on {devices.names()}" + (f"; {done:,} steps are done" if done else "")
    )
    yield f"output   {folder}: report/, history.csv, tensorboard/, checkpoints/, a .keras a decoder"


def _fit(step: Step, opened, settings: FlowDecoding, folder: Path, checkpoint_every, log_every,
         stream) -> None:  # fmt: skip
    plan = Plan(
        settings.steps,
        settings.batch_size,
        validate_every=max(1, settings.steps // 4),
        checkpoint_every=checkpoint_every,
        log_every=log_every,
    )
    fit(
        step,
        opened.training,
        plan,
        make_validation=opened.validation,
        schedule=CosineSchedule(
            settings.learning_rate, settings.steps, min(WARM_UP, settings.steps)
        ),
        checkpoints=Checkpoints(folder / "checkpoints", 2),
        history=History(folder / "history.csv", folder / "tensorboard"),
        progress=Progress(settings.steps, settings.batch_size, stream),
    )


def _save(decoders: keras.Model, settings: FlowDecoding, folder: Path) -> None:
    """Each decoder as a model of its own, from features to flow."""
    for end_point, kind in itertools.product(settings.end_points, settings.decoders):
        name = decoder_name(end_point, kind)
        decoder = keras.Model(decoders.input[end_point], decoders.output[name], name="flow_decoder")
        with whole_path(folder / f"{name}.keras") as made:
            decoder.save(made)
