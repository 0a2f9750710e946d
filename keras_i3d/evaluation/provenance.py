"""What scores rest on; kept with them as `Scores.made`."""

import dataclasses

import keras_i3d
from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.data.lists.data_set import DataSet
from keras_i3d.evaluation.trials import AS_IT_IS
from keras_i3d.weights.integrity import weights_hash

# The fields of a recipe that tell a later reader which figures may be compared.
KEPT = ("model", "weights", "transfer", "steps", "batch_size")
# What else the network learnt from, besides the labels; only where there is any.
BESIDES = ("teacher", "distil", "flow_loss")


def provenance(
    loaded: LoadedNetwork,
    videos: DataSet,
    split: str,
    *,
    network: str = "final",
    num_clips: int | None = None,
    num_crops: int = 1,
) -> dict:
    """Return the record that every score file has; it can be written as JSON.

    Args:
        loaded: the network that gives the scores.
        videos: the data that it was tested on.
        split: of the data.
        network: which of a run's networks it is, "final" or "best"; else its name or file.
        num_clips, num_crops: views of a video; num_clips None for whole videos.
    """
    record = loaded.record
    recipe = record.made.get("recipe") or {
        "model": record.network,
        "weights": record.made.get("weights", loaded.source),
        "transfer": AS_IT_IS,
    }
    kept = {name: recipe[name] for name in KEPT if name in recipe}
    kept |= {name: recipe[name] for name in BESIDES if recipe.get(name)}
    listed = {"format": videos.format, "split_number": videos.split_number}
    return {
        "keras_i3d": keras_i3d.__version__,
        "network": network,
        "weights_sha256": weights_hash(loaded.model),
        "stream": record.stream,
        "inputs": {name: dataclasses.asdict(one) for name, one in record.inputs.items()},
        "data": videos.name,
        "recipe": {**kept, **listed},
        "split": split,
        "num_clips": num_clips,
        "num_crops": num_crops,
    }
