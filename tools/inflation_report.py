"""What an inflation's check found as a table, and its output as files."""

import json
from pathlib import Path

import keras
import numpy as np

import keras_i3d
from keras_i3d.files.hashes import sha256
from keras_i3d.files.places import check_room
from keras_i3d.files.whole import whole_path, write_whole
from keras_i3d.inflation import BoringVideo
from keras_i3d.weights.integrity import weights_hash
from keras_i3d.weights.trained import TrainedRecord, write_record


def check_table(result: BoringVideo) -> str:
    """Return a line for each layer: how far it is from the 2D one, and padding's effect."""
    widest = max(len(row.name) for row in result.rows)
    lines = [f"{'layer':<{widest}}  frames  untouched  difference  border effect"]
    for row in result.rows:
        difference = "-" if row.difference is None else f"{row.difference:.1e}"
        border = "-" if row.border_effect is None else f"{row.border_effect:.1e}"
        counts = f"{row.frames:6d}  {row.untouched:9d}"
        lines.append(f"{row.name:<{widest}}  {counts}  {difference:>10}  {border:>13}")
    lines.append(
        f"largest difference {result.difference:.1e}, "
        f"largest border effect {result.border_effect:.1e}"
    )
    if result.unchecked:
        lines.append(
            f"{len(result.unchecked)} layers have no frame that padding does not touch: "
            f"more --check_frames or --temporal_padding=replicate would check them"
        )
    return "\n".join(lines)


def write_inflated(
    model: keras.Model,
    out: Path,
    made: dict,
    result: BoringVideo,
    source: keras.Model,
    record: TrainedRecord | None,
) -> None:
    """Write the network and its sidecar; both are there only after they were read back equal."""
    with whole_path(out) as path:
        if out.name.endswith(".keras"):
            model.save(path)
            if record is not None:
                write_record(path, record)
            again = keras.saving.load_model(path, compile=False)
        else:
            check_room(path, sum(array.nbytes for array in model.get_weights()))
            model.save_weights(path)
            again = keras.models.clone_model(model)
            again.load_weights(path)
        for ours, theirs in zip(model.get_weights(), again.get_weights(), strict=True):
            if not np.array_equal(ours, theirs):
                raise OSError(f"{out}: what was written is not what is read back")
        about = {
            **made,
            "keras_i3d": keras_i3d.__version__,
            "keras": keras.__version__,
            "source_weights_sha256": weights_hash(source),
            "file_sha256": sha256(path),
            "check": {
                "largest_difference": result.difference,
                "largest_border_effect": result.border_effect,
                "layers": len(result.rows),
                "unchecked_layers": list(result.unchecked),
            },
        }
        write_whole(f"{out}.json", json.dumps(about, indent=2) + "\n")
