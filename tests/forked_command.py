"""keras-i3d as the tests of long walks have it in bash: a fork of a process with TensorFlow loaded.

Loading takes longer than most commands of the walks do. What trains runs without graphs, which
for two steps take half the time.
"""

import contextlib
import os
import subprocess
import sys

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
LOADED = """
import os, sys
from keras_i3d.tools.command import main
from keras_i3d.tools.running import quiet_import
with quiet_import():
    import tensorflow as tf
    import keras_i3d.training.run, keras_i3d.evaluation.evaluate, keras_i3d.layers
EAGER = ("train", "evaluate", "decode_flow", "predict")
while True:
    with open("asked") as asked:
        arguments = asked.read().split(chr(0))[:-1]
    child = os.fork()
    if child == 0:
        printed = os.open("printed", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(printed, 1), os.dup2(printed, 2)
        tf.config.run_functions_eagerly(arguments[0] in EAGER)
        sys.argv = ["keras-i3d", *arguments]
        main()
    _, status = os.waitpid(child, 0)
    with open("answered", "w") as answered:
        print(os.waitstatus_to_exitcode(status), file=answered)
"""


@contextlib.contextmanager
def loaded_process(folder):
    """It waits in the folder, where the commands run."""
    os.mkfifo(folder / "asked")
    os.mkfifo(folder / "answered")
    with subprocess.Popen([sys.executable, "-c", LOADED], cwd=folder) as loaded:
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
