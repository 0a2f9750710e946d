"""Shards on an S3 server on this machine, in an environment of its own.

TensorFlow-IO, which knows s3://, has wheels for TensorFlow up to 2.17 and Python up to 3.12; the
environment is kept in .venv-io, beside the checkout's own.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import numpy as np
import pytest

from tests.conftest import PROJECT, write_video

VENV = PROJECT / ".venv-io"
READY = VENV / "ready"

READ = """
import hashlib, os, sys
import tensorflow as tf
from keras_i3d.data.shards.manifest import read_manifest
manifest = read_manifest("s3://shards/x", "all")
paths = [f"{manifest.folder}/{shard.file}" for shard in manifest.shards]
for shard, path in zip(manifest.shards, paths):
    with tf.io.gfile.GFile(path, "rb") as file:
        assert hashlib.sha256(file.read()).hexdigest() == shard.sha256
print(sum(1 for _ in tf.data.TFRecordDataset(paths)), manifest.written)
print(*sorted(tf.io.gfile.listdir(manifest.folder)), flush=True)
os._exit(0)  # tensorflow/io#2039
"""


@pytest.fixture(scope="module")
def python():
    """The Python of the environment; made when it is not there."""
    if not READY.exists():
        names = [sys.executable, *map(shutil.which, ("python3.11", "python3.12", "python3.10"))]
        for name in filter(None, names):
            version = "import sys; print(sys.version_info < (3, 13))"
            asked = subprocess.run([name, "-c", version], capture_output=True, text=True)
            if asked.stdout.strip() == "True":
                break
        else:
            pytest.skip("tensorflow-io has no wheels for Python 3.13; no older one is here")
        subprocess.run([name, "-m", "venv", "--clear", str(VENV)], check=True)
        install = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, "-e", f"{PROJECT}[io]", "moto[server]>=5"], check=True)
        READY.touch()
    return str(VENV / "bin" / "python")


@pytest.fixture
def server(python, tmp_path):
    """Variables that send s3:// to a server of this test, which has one empty bucket, "shards"."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [python, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with open(tmp_path / "moto.log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        request = urllib.request.Request(f"{address}/shards", method="PUT")
        for _ in range(120):
            try:
                urllib.request.urlopen(request)
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.5)
        else:
            pytest.fail((tmp_path / "moto.log").read_text())
        keys = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
        yield {**os.environ, **keys, "AWS_REGION": "us-east-1", "S3_ENDPOINT": address}
    finally:
        process.terminate()
        process.wait()


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_shards_are_written_to_s3_and_read_from_there(python, server, tmp_path):
    videos = tmp_path / "videos"
    videos.mkdir()
    for number in range(3):
        frames = [np.full((24, 32, 3), 40 * number + t, np.uint8) for t in range(3)]
        write_video(videos / f"{number}.mkv", frames)
    (videos / "bad.mkv").write_bytes(b"nothing")

    def run(*command):
        done = subprocess.run(
            [python, *command], env=server, capture_output=True, text=True, timeout=120
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout

    tool = [str(PROJECT / "tools" / "make_tfrecords.py"), f"--root={videos}", "--format=files"]
    tool += ["--out=s3://shards/x", "--shards=2"]
    status, out = run(*tool)
    assert (status, "4 videos listed, 3 written in 2 shards" in out) == (1, True)
    status, out = run(*tool)
    assert (status, "was finished before" in out) == (1, True)
    assert run("-c", READ) == (
        0,
        "3 3\nall-00000-of-00002.tfrecord all-00001-of-00002.tfrecord all.manifest.json\n",
    )
