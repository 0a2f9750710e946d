"""The `keras-i3d` command: `keras-i3d TOOL --flags` runs one of the package's tools."""

import difflib
import importlib
import os
import sys
from typing import NoReturn

from keras_i3d import __version__
from keras_i3d.tools.running import run, status

# What each tool does, in groups, as `keras-i3d --help` lists them.
GROUPS = (
    {
        "list": "list the networks and their published weights",
        "predict": "classify videos",
        "extract_features": "turn videos into features, a vector for each window",
        "fvd": "measure how far generated videos are from real ones",
        "similar": "find the windows of many videos most similar to one video's",
        "sample_video": "download a sample video and print its path",
        "verify_weights": "check that published weights are exactly what was published",
        "inflate_weights": "turn an image network and its weights into a video network",
        "visualise": "draw the kernels of a network's first layer",
    },
    {
        "make_synthetic": "make synthetic videos to try the tools on",
        "check_dataset": "find a data set's missing, broken, short and duplicate videos",
        "compute_flow": "compute the optical flow of videos and store it",
        "make_tfrecords": "write videos and their flow as TFRecord shards",
    },
    {
        "train": "train a network by a recipe",
        "evaluate": "score a network on every video of a split",
        "fuse": "combine the score files of several networks",
        "decode_flow": "measure how much motion a network's features contain",
        "report": "turn score files into a report or a table",
        "experiments": "train and compare networks on synthetic videos",
    },
    {
        "export_saved_model": "write a network as a SavedModel for TensorFlow Serving",
        "serving_config": "write the files to serve it in Docker, Compose or Kubernetes",
        "serve": "run a local server with TensorFlow Serving's protocols",
        "query": "ask a server what a video shows",
    },
)
TOOLS = tuple(name for group in GROUPS for name in group)


def main() -> NoReturn:
    """Run the tool that the first argument names, and exit with its status."""
    if "_ARGCOMPLETE" in os.environ:
        from keras_i3d.tools.completion import complete

        complete(TOOLS)
    if sys.argv[1:2] == ["help"] and len(sys.argv) > 2:
        sys.argv[1:] = [sys.argv[2], "--help"]
    first = sys.argv[1] if len(sys.argv) > 1 else None
    if first in TOOLS:
        run(importlib.import_module(f"keras_i3d.tools.{first}").main, sys.argv[1:])
    if first in ("--help", "-h", "help"):
        sys.exit(status("keras-i3d", lambda: print(_help())))
    if first == "--version":
        sys.exit(status("keras-i3d", lambda: print(f"keras-i3d {__version__}")))
    print(_help() if first is None else _unknown(first), file=sys.stderr)
    sys.exit(2)


def _help() -> str:
    width = max(map(len, TOOLS))
    groups = ("".join(f"\n  {n:<{width}}  {what}" for n, what in g.items()) for g in GROUPS)
    return (
        "usage: keras-i3d TOOL --flags\n"
        + "\n".join(groups)
        + "\n\n`keras-i3d TOOL --help` explains a tool and lists its flags."
        + "\n`keras-i3d --version` prints the version."
        + "\n`pip install 'keras-i3d[completion]'` and, in ~/.bashrc or ~/.zshrc,"
        + '\n`eval "$(register-python-argcomplete keras-i3d)"` complete tools, flags and values.'
    )


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name, TOOLS, n=3)
    more = f"did you mean {' or '.join(close)}?" if close else "`keras-i3d --help` lists the tools"
    return f"keras-i3d: there is no tool {name!r}; {more}"
