"""Which frozen network a folder's training rests on: a teacher's, or that of flow decoders."""

import json
from pathlib import Path

from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.files.whole import write_whole
from keras_i3d.weights.integrity import weights_hash

KEPT = "frozen_network.json"


def check_frozen_network(network: LoadedNetwork, folder: Path) -> None:
    """Refuse a network other than the one that the folder's training began with.

    A folder without its hash is of an earlier version, and is accepted.

    Raises:
        ValueError: for other weights, whatever file they are in.
    """
    try:
        kept = json.loads((folder / KEPT).read_text("utf-8"))["weights_sha256"]
    except FileNotFoundError:
        return
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{folder / KEPT} is damaged: {error}") from error
    if kept != weights_hash(network.model):
        raise ValueError(
            f"{network.source} should have the weights that the training in {folder} began with. "
            f"Received: others; put the former file back, or give another folder"
        )


def keep_frozen_network(network: LoadedNetwork, folder: Path) -> None:
    """Write frozen_network.json, by which `check_frozen_network` knows the network again."""
    kept = {"source": network.source, "weights_sha256": weights_hash(network.model)}
    write_whole(folder / KEPT, json.dumps(kept, indent=2) + "\n")
