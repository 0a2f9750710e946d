"""A network on every video of a split, and the report of it: of a run, or any other."""

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.data.batches.clip_sources import Source
from keras_i3d.data.batches.data_source import open_source
from keras_i3d.data.batches.finishing import check
from keras_i3d.data.lists.data_set import DataSet
from keras_i3d.data.pixels.preprocessing import Input
from keras_i3d.engines import Engine
from keras_i3d.evaluation.evaluate import evaluate
from keras_i3d.evaluation.provenance import provenance
from keras_i3d.evaluation.published import published_for
from keras_i3d.evaluation.report import write_report
from keras_i3d.evaluation.scores import Scores, ScoresError
from keras_i3d.evaluation.trials import trial_of
from keras_i3d.shown_options import options_of
from keras_i3d.training.networks import inputs_of
from keras_i3d.training.run_folder import LABELS, RunFolder, RunFolderError
from keras_i3d.visualisation.mistakes import VideoStrips

OpenEngine = Callable[[LoadedNetwork, Source], Engine]
Watch = Callable[[Iterable[int], str, int], Iterable[int]]


def evaluate_network(
    loaded: LoadedNetwork,
    videos: DataSet,
    split: str,
    *,
    source: Source | None = None,
    network: str | None = None,
    num_clips: int | None = None,
    num_crops: int = 1,
    batch_size: int = 4,
    open_engine: OpenEngine | None = None,
    watch: Watch | None = None,
) -> Scores:
    """Score every video of a split, with the record of what the scores rest on.

    Args:
        loaded: what `keras_i3d.load` returns.
        videos: the data. Where its list does not say the classes, they are the network's.
        split: of the data.
        source: the split, if it is open already.
        network: what the scores' record calls it; by default where it was loaded from.
        num_clips, num_crops, batch_size: as `evaluate` takes them.
        open_engine: from the network and the opened split to the engine that computes the logits;
            by default Keras.
        watch: called with the videos' numbers as their views come, the split's name and how many
            will come if every video can be read; returns the numbers. tqdm can be given.

    Raises:
        ScoresError: when scores are not finite.
        ValueError, OSError: when there is no such data, or its classes are not the network's.
    """
    record, made = loaded.record, {}
    if source is None:
        source = open_source(videos, split, record.inputs, record.labels)
    check_classes(source.class_names, record.labels, loaded.source)
    check(source, record.inputs)  # before an engine is calibrated on them
    for note in source.notes:
        logging.warning("%s: %s", videos.data, note)
    engine = open_engine(loaded, source) if open_engine else None
    if engine is not None:
        made["engine"] = engine.details
    network = network or loaded.source
    views = {"num_clips": num_clips, "num_crops": num_crops}
    total = source.num_videos * (num_clips or 1) * num_crops
    return evaluate(
        loaded.ending_in("logits"),
        source,
        record.inputs,
        **views,
        in_clips=loaded.in_clips,
        batch_size=batch_size,
        multi_label=record.multi_label,
        made={**provenance(loaded, videos, split, network=network, **views), **made},
        engine=engine,
        watch=lambda numbers: watch(numbers, split, total) if watch else numbers,
    )


@options_of(evaluate_network, without=("loaded", "videos", "source"))
def evaluate_run(
    run: RunFolder,
    split: str | None = None,
    *,
    network: str = "final",
    **options,
) -> Scores:
    """Score every video of a split with a run's network.

    Args:
        run: its recipe says what data there is.
        split: by default the one that the recipe validates on, or "test" if there is none.
        network: "final" or "best".
        options: num_clips, num_crops, batch_size, open_engine and watch, as `evaluate_network`
            takes them.

    Raises:
        RunFolderError: when the network is missing or damaged, or its scores are not finite.
        ValueError, OSError: when there is no such data, or its classes are not those learnt.
    """
    videos = run.recipe.data_set
    split = split or videos.validation_split or "test"
    # What a wrong folder costs is told before the network is loaded.
    source = open_source(videos, split, inputs_of(run.recipe), run.classes)
    if run.classes:
        check_classes(source.class_names, run.classes, str(run.path / LABELS))
    loaded = run.load_network(network)
    try:
        return evaluate_network(loaded, videos, split, source=source, network=network, **options)
    except ScoresError as error:  # the network's own fault: all else was checked before
        raise RunFolderError(f"{run.network_file(network)}: {error}") from error


def check_classes(names: Sequence[str], learnt: Sequence[str], source: str) -> None:
    """Refuse data whose classes are not those that a network tells, one for one.

    Raises:
        ValueError: names the first class that differs.
    """
    if len(names) != len(learnt):
        raise ValueError(
            f"the data should have the {len(learnt)} classes of {source}. Received: {len(names)}"
        )
    for number, (came, wanted) in enumerate(zip(names, learnt, strict=True)):
        if came != wanted:
            raise ValueError(
                f"class {number} of the data should be {wanted!r}, as in {source}. Received: "
                f"{came!r}"
            )


def report_evaluation(
    folder: str | os.PathLike,
    scores: Scores,
    videos: DataSet,
    inputs: Mapping[str, Input],
    title: str | None = None,
) -> Path:
    """Write a report of scores, with the frames of the mistakes; return its page's path.

    Args:
        folder: of the report; as `write_report` takes it.
        scores: what `evaluate_network` or `evaluate_run` returned.
        videos: where they can still be read.
        inputs: what each stream of the network sees.
        title: where the scores do not say data, split and network.
    """
    trial = trial_of(scores.made, len(scores.classes))
    strips = VideoStrips(open_source(videos, scores.made["split"], inputs, scores.classes), inputs)
    title = trial.title if trial else title or scores.made["split"]
    return write_report(folder, scores, title, published_for(trial), filmstrip=strips)
