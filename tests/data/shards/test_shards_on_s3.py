"""Shards on an S3 server on this machine."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import numpy as np
import pytest

from tests.conftest import PROJECT, write_video

READ = """
import hashlib
from keras_i3d.data.shards.manifest import read_manifest
from keras_i3d.data.shards.source import Shards
from keras_i3d.files import storage
manifest = read_manifest("s3://shards/x", "all")
for shard in manifest.shards:
    content = storage.read(storage.join(manifest.folder, shard.file))
    assert hashlib.sha256(content).hexdigest() == shard.sha256
source = Shards("s3://shards/x", "all")
print(*sorted(source.read(n, 0, 3)["rgb"][2].mean().round() for n in range(3)))
print(*sorted(storage.names("s3://shards/x")))
try:
    with storage.writing("s3://shards/half") as file:
        file.write(b"half")
        raise KeyError
except KeyError:
    print(storage.exists("s3://shards/half"))
try:
    storage.read("s3://no-such-bucket/x")
except OSError as error:
    print(error)
"""


@pytest.fixture
def server(tmp_path):
    """Variables that send s3:// to a server of this test, which has one empty bucket, "shards"."""
    pytest.importorskip("s3fs", reason="the extra [s3] is not installed")
    pytest.importorskip("moto", reason="moto, an S3 server, is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
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
        yield {**os.environ, **keys, "AWS_ENDPOINT_URL": address}
    finally:
        process.terminate()
        process.wait()


@pytest.mark.slow
def test_shards_are_written_to_s3_and_read_from_there(server, tmp_path):
    videos = tmp_path / "videos"
    videos.mkdir()
    for number in range(3):
        frames = [np.full((24, 32, 3), 40 * number + t, np.uint8) for t in range(3)]
        write_video(videos / f"{number}.mkv", frames)
    (videos / "bad.mkv").write_bytes(b"nothing")

    def run(*command):
        done = subprocess.run(
            [sys.executable, *command], env=server, capture_output=True, text=True, timeout=120
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
        "2.0 42.0 82.0\n"
        "all-00000-of-00002.tfrecord all-00001-of-00002.tfrecord all.manifest.json\n"
        "False\n"
        "s3://no-such-bucket/x: no such file\n",
    )
    assert run(*tool, "--overwrite", "--shards=1")[0] == 1
    listed = "import keras_i3d.files.storage as s; print(*sorted(s.names('s3://shards/x')))"
    assert run("-c", listed) == (0, "all-00000-of-00001.tfrecord all.manifest.json\n")
