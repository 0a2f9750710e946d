"""Eight clients at once for half a minute: every answer right, none lost, memory level."""

import json
import os
import shutil
import threading
import time

import numpy as np
import pytest

from keras_i3d.export.client.answer import ServingError
from keras_i3d.export.client.video_query import encoded
from tests.export.server.conftest import connect, server_process, wait_for
from tests.memory import memory

SECONDS = float(os.environ.get("KERAS_I3D_LOAD_SECONDS", 30))
FLAGS = ("--poll_seconds=0.1", "--nowarm_up", "--max_message_mb=4", "--max_frames=100")


@pytest.mark.slow
def test_eight_clients(exported, signatures, tmp_path, capsys):
    folder = tmp_path / "tiny"
    shutil.copytree(exported[0], folder / "1")
    draw = np.random.default_rng(0)
    clips = [draw.integers(0, 256, (1, 9 + n, 24, 32, 3), np.uint8) for n in range(4)]
    right = [signatures["serving_default"](frames=c)["probabilities"].numpy() for c in clips]
    files = [[[encoded(image, "png") for image in clip[0]]] for clip in clips]
    stopped, seconds, failed, versions = threading.Event(), [], [], set()

    def ask(number):
        kind, turn = ("rest", "grpc")[number % 4 > 0], number
        with connect(server, kind, attempts=1) as client:
            while not stopped.is_set():
                turn += 1
                which = turn % 4
                try:
                    if kind == "rest" or turn % 3 == 0:
                        answer = client.predict({"frames": files[which]}, "jpeg_frames")
                    else:
                        answer = client.predict({"frames": clips[which]})
                except ServingError as error:
                    failed.append(str(error))
                    continue
                difference = np.abs(answer.outputs["probabilities"] - right[which]).max()
                if not difference < 1e-5:
                    failed.append(f"a wrong answer, by {difference}")
                seconds.append(answer.seconds)
                versions.add(answer.version)

    with server_process(folder, *FLAGS) as server:
        threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        taken = []
        try:
            for number in (2, 3, 4):
                time.sleep(SECONDS / 4)
                shutil.copytree(folder / "1", tmp_path / "coming", copy_function=shutil.copyfile)
                os.rename(tmp_path / "coming", folder / str(number))
                wait_for(lambda number=number: number in versions)
                taken.append(memory(server.pid))
            time.sleep(SECONDS / 4)
        finally:
            stopped.set()
            for thread in threads:
                thread.join()
        taken.append(memory(server.pid))
    assert failed == []
    assert versions >= {1, 2, 3, 4}  # REST tells none
    assert taken[-1] - taken[0] < 150
    report = {f"p{p}_ms": round(1000 * np.percentile(seconds, p), 1) for p in (50, 90, 99, 100)}
    with capsys.disabled():
        print("\n", json.dumps({"requests": len(seconds), "memory_mb": taken, **report}))
