"""keras-i3d as a fork of a process with TensorFlow loaded, since loading takes longer than most do.

In bash, as the tests of long walks have it, what trains runs without graphs, which for two steps
take half the time.
"""

import atexit
import contextlib
import functools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

# In bash: `forked_keras_i3d TOOL FLAGS...` prints what the tool does, and ends with its status.
FORKED = """
forked_keras_i3d() {
  echo "\\$ keras-i3d $*"
  printf '%s\\0' "$@" > "$HERE/asked"
  local status
  read -r status < "$HERE/answered"
  cat "$HERE/printed"
  return "$status"
}
"""
FORKING = """
import json, os, sys
from keras_i3d.tools.command import main
from keras_i3d.tools.running import quiet_import
with quiet_import():
    import tensorflow as tf
    import keras_i3d.training.run, keras_i3d.evaluation.evaluate, keras_i3d.layers

def forked(arguments, out, err, eager=()):
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, path in ((1, out), (2, err)):  # which may be the same
            opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
            os.dup2(opened, number)
        tf.config.run_functions_eagerly(arguments[:1] in eager)
        sys.argv = ["keras-i3d", *arguments]
        main()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""
FOR_BASH = f"""{FORKING}
while True:
    with open("asked") as asked:
        arguments = asked.read().split(chr(0))[:-1]
    eager = ["train"], ["evaluate"], ["decode_flow"], ["predict"]
    status = forked(arguments, "printed", "printed", eager)
    with open("answered", "w") as answered:
        print(status, file=answered)
"""
ONE_BY_ONE = f"""{FORKING}
for line in sys.stdin:
    asked = json.loads(line)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    print(forked(asked["arguments"], *asked["printed"]), flush=True)
"""


@contextlib.contextmanager
def loaded_process(folder):
    """It waits in the folder, where the commands run."""
    os.mkfifo(folder / "asked")
    os.mkfifo(folder / "answered")
    with subprocess.Popen([sys.executable, "-c", FOR_BASH], cwd=folder) as loaded:
        try:
            yield
        finally:
            loaded.kill()


def run_in_bash(code, folder, timeout=None):
    """What a block of commands prints; none of them may fail."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", FORKED + code],
        cwd=folder,
        env={**os.environ, "HERE": str(folder)},
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, f"{code}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@functools.cache
def _one_by_one():
    """The process that is forked: one of each process of tests."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, "-c", ONE_BY_ONE], **pipes)
    atexit.register(process.communicate)
    return process


def run_forked(arguments, environment):
    """(exit status, standard output, standard error) of keras-i3d in this folder."""
    process = _one_by_one()
    with tempfile.TemporaryDirectory() as folder:
        printed = [os.path.join(folder, name) for name in ("out", "err")]
        asked = {"arguments": arguments, "environment": environment}
        asked |= {"folder": os.getcwd(), "printed": printed}
        print(json.dumps(asked), file=process.stdin, flush=True)
        status = int(process.stdout.readline())
        return status, *(Path(path).read_text() for path in printed)
