"""Twenty hostile clients at once: memory stays level, and health is answered within a second.

A minute of them; five by KERAS_I3D_HOSTILE_SECONDS=300.
"""

import json
import multiprocessing
import os
import time

import grpc
import numpy as np
import pytest
import urllib3
from grpc_health.v1 import health_pb2, health_pb2_grpc

from keras_i3d.export.client.grpc_client import GrpcClient
from tests.export.server.attacks import attack
from tests.export.server.conftest import server_process
from tests.memory import memory

SECONDS = float(os.environ.get("KERAS_I3D_HOSTILE_SECONDS", 0))
FRAMES = np.zeros((1, 12, 20, 30, 3), np.uint8)


@pytest.fixture
def serving(exported):
    with server_process(exported[0].parent) as started:
        yield started


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 200)
@pytest.mark.skipif(
    not SECONDS, reason="its times are the machine's: on a quiet one KERAS_I3D_HOSTILE_SECONDS=300"
)
def test_twenty_hostile_clients(serving, capsys):
    process, port, rest_port = serving
    context = multiprocessing.get_context("spawn")
    crowds = [context.Process(target=attack, args=(n, port, rest_port, SECONDS)) for n in range(5)]
    with GrpcClient(f"localhost:{port}", "tiny") as client:
        client.predict({"frames": FRAMES})
    for crowd in crowds:
        crowd.start()
    seconds, taken, failed = [], [memory(process)], []
    ends = time.monotonic() + SECONDS
    with grpc.insecure_channel(f"localhost:{port}") as channel:
        health = health_pb2_grpc.HealthStub(channel)

        def by_grpc():
            health.Check(health_pb2.HealthCheckRequest(), timeout=5)

        def by_http(path):
            url = f"http://127.0.0.1:{rest_port}{path}"
            assert urllib3.request("GET", url, timeout=5, retries=False).status == 200

        asked = (
            by_grpc,
            lambda: by_http("/healthz"),
            lambda: by_http("/monitoring/prometheus/metrics"),
        )
        while time.monotonic() < ends:
            for ask in asked:
                started = time.monotonic()
                try:
                    ask()
                except (grpc.RpcError, urllib3.exceptions.HTTPError, AssertionError) as error:
                    failed.append(str(error))
                seconds.append(time.monotonic() - started)
            taken.append(memory(process))
            time.sleep(0.2)
    for crowd in crowds:
        crowd.join(60)
        crowd.kill()
    with GrpcClient(f"localhost:{port}", "tiny", attempts=8) as client:
        client.predict({"frames": FRAMES})
    taken.append(memory(process))
    third = len(taken) // 3
    report = {
        "asked": len(seconds),
        "failed": len(failed),
        **{f"p{p}_ms": round(1000 * np.percentile(seconds, p)) for p in (50, 99, 100)},
        "memory_mb": [taken[0], max(taken[:third]), max(taken[third:]), taken[-1]],
    }
    with capsys.disabled():
        print("\n", json.dumps(report))
    assert failed == []
    assert np.percentile(seconds, 99) < 1
    assert max(taken[2 * third :]) - max(taken[:third]) < 500
    assert taken[-1] - taken[0] < 800
