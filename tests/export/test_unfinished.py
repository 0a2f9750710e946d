"""What a killed export leaves is deleted by the next; what a running one writes is not."""

import subprocess
import sys

from keras_i3d.export.unfinished import unfinished_folder

HOLDER = """
import pathlib, sys
from keras_i3d.export.unfinished import unfinished_folder
with unfinished_folder(pathlib.Path(sys.argv[1])) as folder:
    (folder / "half").write_text("half a model")
    print(folder.name, flush=True)
    sys.stdin.read()
"""


def holder(parent):
    """(a process that writes in an unfinished folder, the folder)"""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(parent)], **pipes)
    return process, parent / process.stdout.readline().strip()


def test_a_killed_process_leaves_nothing_for_long(tmp_path):
    killed, left = holder(tmp_path)
    running, kept = holder(tmp_path)
    try:
        killed.kill()
        killed.communicate()
        assert (left / "half").exists()
        with unfinished_folder(tmp_path) as own:
            assert sorted(tmp_path.iterdir()) == sorted([kept, own])
            assert (kept / "half").read_text() == "half a model"
    finally:
        running.communicate("")
    assert running.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_nothing(tmp_path):
    try:
        with unfinished_folder(tmp_path) as folder:
            (folder / "half").touch()
            raise OSError
    except OSError:
        pass
    assert list(tmp_path.iterdir()) == []
