"""A run's network on every video of a split, and the report of it."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from keras_i3d.evaluation.evaluate import evaluate
from keras_i3d.evaluation.provenance import provenance
from keras_i3d.evaluation.published import published_for
from keras_i3d.evaluation.report import write_report
from keras_i3d.evaluation.scores import Scores, ScoresError
from keras_i3d.evaluation.trials import trial_of
from keras_i3d.training.inputs import open_source
from keras_i3d.training.networks import inputs_of
from keras_i3d.training.run_folder import RunFolder, RunFolderError
from keras_i3d.visualisation.mistakes import VideoStrips


def evaluate_run(
    run: RunFolder,
    split: str | None = None,
    *,
    network: str = "final",
    num_clips: int | None = None,
    num_crops: int = 1,
    batch_size: int = 4,
    watch: Callable[[Iterable[int], str, int], Iterable[int]] | None = None,
) -> Scores:
    """Score every video of a split, with the record of what the scores rest on.

    Args:
        run: its recipe says what data there is and how clips are cut from it.
        split: by default the one that the recipe validates on, or "test" if there is none.
        network: "final" or "best".
        num_clips, num_crops, batch_size: as `evaluate` takes them.
        watch: called with the videos' numbers as their views come, the split's name and how many
            will come if every video can be read; returns the numbers. tqdm can be given.

    Raises:
        RunFolderError: when the network is missing or damaged, or its scores are not finite.
        ValueError, OSError: when there is no such data, or its classes are not those learnt.
    """
    recipe = run.recipe
    split = split or recipe.validation_split or "test"
    source = open_source(recipe, split)
    run.check_classes(source.class_names)
    loaded = run.load_network(network)
    views = {"num_clips": num_clips, "num_crops": num_crops}
    total = source.num_videos * (num_clips or 1) * num_crops
    try:
        return evaluate(
            loaded.ending_in("logits"),
            source,
            loaded.record.inputs,
            **views,
            batch_size=batch_size,
            multi_label=loaded.record.multi_label,
            made=provenance(loaded, recipe, split, network=network, **views),
            watch=lambda numbers: watch(numbers, split, total) if watch else numbers,
        )
    except ScoresError as error:  # the network's own fault: all else was checked before
        raise RunFolderError(f"{run.network_file(network)}: {error}") from error


def report_run(folder: str | os.PathLike, run: RunFolder, scores: Scores) -> Path:
    """Write a report of a run's scores, with the frames of the mistakes; return its page's path.

    Args:
        folder: of the report; as `write_report` takes it.
        run: whose data still has the videos.
        scores: what `evaluate_run` returned.
    """
    trial = trial_of(scores.made, len(scores.classes))
    source = open_source(run.recipe, scores.made["split"])
    strips = VideoStrips(source, inputs_of(run.recipe))
    title = trial.title if trial else f"{run.path.resolve().name}, {scores.made['split']}"
    return write_report(folder, scores, title, published_for(trial), filmstrip=strips)
