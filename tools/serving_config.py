"""Write the files to serve a model by TensorFlow Serving in Docker, Compose or Kubernetes.

  keras-i3d serving_config --name=i3d --models=models --out=serving

The files are models.config, batching.config, monitoring.config, docker-compose.yml, kubernetes.yaml
and run.sh. Exit status: 0 if they are written, 2 if a flag is wrong.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from keras_i3d.export.tf_serving.model_sizes import ModelSizes, exported_sizes
from keras_i3d.export.tf_serving.serving_config import ServingConfig, write_serving_config
from keras_i3d.tools.running import FlagError, can_be_written, run

NAME = flags.DEFINE_string("name", "i3d", "the model's name: the folder below --models")
MODELS = flags.DEFINE_string("models", "./models", "the folder with NAME/VERSION")
OUT = flags.DEFINE_string("out", "serving", "the folder for the files")
VERSIONS = flags.DEFINE_list("versions", [], "versions to serve at once [the newest]")
LABELS = flags.DEFINE_list("labels", [], "names for versions, such as stable:1,canary:2")
MAX_BATCH = flags.DEFINE_integer("max_batch", 4, "most clips in a batch")
WAITING = flags.DEFINE_integer("waiting_batches", 8, "number of batches that may wait")
GPU = flags.DEFINE_bool("gpu", False, "write files for NVIDIA GPUs")
IMAGE = flags.DEFINE_string("image", "", "TensorFlow Serving's image [tensorflow/serving, pinned]")


def main(arguments: Sequence[str]) -> int:
    """Write the files; the exit status."""
    if arguments:
        raise FlagError(f"unexpected argument; use flags only. Received: {' '.join(arguments)}")
    can_be_written(OUT.value, "folder")
    home = Path(MODELS.value, NAME.value)
    try:
        sizes = exported_sizes(home)
        labels = [label.rpartition(":") for label in LABELS.value]
        config = ServingConfig(
            name=NAME.value,
            models=os.path.abspath(MODELS.value),
            versions=tuple(int(version) for version in VERSIONS.value),
            labels=tuple((label, int(version)) for label, _, version in labels),
            max_batch=MAX_BATCH.value,
            waiting_batches=WAITING.value,
            gpu=GPU.value,
            image=IMAGE.value,
            sizes=sizes or ModelSizes(),
        )
    except ValueError as error:
        raise FlagError(error) from error
    for path in write_serving_config(OUT.value, config):
        print(path)
    if sizes is None:
        print(f"note: {home} has no model of export_saved_model yet: the memory limit is I3D's")
    print(f"limit of memory: {config.memory_mb} MB; start with: bash {OUT.value}/run.sh")
    return 0


if __name__ == "__main__":
    run(main)
