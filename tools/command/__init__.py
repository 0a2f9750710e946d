"""keras-i3d TOOL --flags: runs one of the package's tools.

  predict             what a video shows
  verify_weights      whether published weights are the ones that were published
  sample_video        the path of a video to try things on
  inflate_weights     an image network with its weights as a video network
  visualise           pictures of what a network holds

  make_synthetic      videos made by rule, to try everything on
  check_dataset       which videos of a data set are missing, broken, too short or doubled
  compute_flow        optical flow of videos, kept in files
  make_tfrecords      videos and their flow as TFRecord shards

  train               trains a network by a recipe
  evaluate            scores of a trained network on every video of a split
  fuse                score files of several networks, their logits added
  report              a score file as figures, tables and pictures
  experiments         the recipes proven on videos made by rule

  export_saved_model  a network as a SavedModel for TensorFlow Serving
  serving_config      files that serve it in Docker, Compose or Kubernetes
  serve               a local server that speaks TensorFlow Serving's protocols
  query               asks such a server about a video

`keras-i3d TOOL --help` lists a tool's flags.
"""

# Installed as a package of its own, keras_i3d_command: importing anything below keras_i3d loads
# TensorFlow, and what that prints while it is loaded can only be kept back from outside.

import contextlib
import importlib
import os
import sys
import tempfile
from collections.abc import Iterator

TOOLS = (
    "predict",
    "verify_weights",
    "sample_video",
    "inflate_weights",
    "visualise",
    "make_synthetic",
    "check_dataset",
    "compute_flow",
    "make_tfrecords",
    "train",
    "evaluate",
    "fuse",
    "report",
    "experiments",
    "export_saved_model",
    "serving_config",
    "serve",
    "query",
)


def main() -> None:
    """Run the tool that the first argument names."""
    if len(sys.argv) > 1 and sys.argv[1] in TOOLS:
        with quiet_import():
            tool = importlib.import_module(f"keras_i3d.tools.{sys.argv[1]}")
            running = importlib.import_module("keras_i3d.tools.running")
        running.run(tool.main, sys.argv[1:])
    wanted = sys.argv[1:] in (["--help"], ["-h"], ["help"])
    print(__doc__.strip(), file=sys.stdout if wanted else sys.stderr)
    if sys.argv[1:] and not wanted:
        print(f"\nkeras-i3d: there is no tool {sys.argv[1]!r}", file=sys.stderr)
    sys.exit(0 if wanted else 2)


@contextlib.contextmanager
def quiet_import() -> Iterator[None]:
    """Keep back what native libraries print while they are loaded; shown where loading fails.

    TensorFlow's notes on oneDNN and CUDA come before TF_CPP_MIN_LOG_LEVEL is read.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_I3D_WITHOUT_LAYERS", "1")  # tools with a network import them
    sys.stderr.flush()
    shown = os.dup(2)
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except BaseException:
            kept.seek(0)
            os.write(shown, kept.read())
            raise
        finally:
            os.dup2(shown, 2)
            os.close(shown)
