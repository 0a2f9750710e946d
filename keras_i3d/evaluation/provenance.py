"""What scores rest on; kept with them as `Scores.made`."""

import dataclasses

import keras_i3d
from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.training.recipes import Recipe
from keras_i3d.weights.integrity import weights_hash

# The fields of the recipe that tell a later reader which figures may be compared.
KEPT = ("model", "weights", "transfer", "format", "split_number", "steps", "batch_size")


def provenance(
    loaded: LoadedNetwork,
    recipe: Recipe,
    split: str,
    *,
    network: str = "final",
    num_clips: int | None = None,
    num_crops: int = 1,
) -> dict:
    """Return the record that every score file of a run has; it can be written as JSON.

    Args:
        loaded: the network that gives the scores.
        recipe: what it was trained by, with the data that it was tested on.
        split: of the data.
        network: which of the run's networks it is, "final" or "best".
        num_clips, num_crops: views of a video; num_clips None for whole videos.
    """
    return {
        "keras_i3d": keras_i3d.__version__,
        "network": network,
        "weights_sha256": weights_hash(loaded.model),
        "stream": loaded.record.stream,
        "inputs": {name: dataclasses.asdict(one) for name, one in loaded.record.inputs.items()},
        "data": _data_name(recipe),
        "recipe": {name: getattr(recipe, name) for name in KEPT},
        "split": split,
        "num_clips": num_clips,
        "num_crops": num_crops,
    }


def _data_name(recipe: Recipe) -> str:
    """Where the data was; of videos made by rule what they show, since they lie nowhere."""
    if recipe.data != "synthetic":
        return recipe.data
    shown = "; ".join(", ".join(names) for names in (recipe.motions, recipe.appearances) if names)
    return f"synthetic {recipe.task}" + (f": {shown}" if shown else "")
