"""A local server of the tiny network, here or in a process of its own, and both clients."""

import contextlib
import re
import subprocess
import sys
import time
from collections import namedtuple

import pytest

from keras_i3d.export.client.grpc_client import GrpcClient
from keras_i3d.export.client.rest_client import RestClient
from keras_i3d.export.server.local_server import LocalServer
from keras_i3d.export.server.options import Limits, ModelConfig, Options

LIMITS = Limits(message_bytes=4 << 20, frames=100, seconds=30)


def options(**changes):
    """On free ports, looking at the folder ten times a second."""
    settings = {"port": 0, "rest_port": 0, "poll": 0.1, "warm_up": False, "limits": LIMITS}
    return Options(**{**settings, **changes})


@pytest.fixture(scope="session")
def server(exported):
    """It serves `exported` as "tiny"; version 1 is also called "stable"."""
    config = ModelConfig("tiny", exported[0].parent, labels={"stable": 1})
    with LocalServer([config], options()) as running:
        yield running


Serving = namedtuple("Serving", "pid port rest_port")


@contextlib.contextmanager
def server_process(folder, *flags):
    """`keras-i3d serve` of a folder of versions as "tiny", so that its memory is its own."""
    command = [sys.executable, "-m", "keras_i3d.tools.serve", f"--model=tiny={folder}"]
    command += ["--port=0", "--rest_port=0", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = ""
            while "page" not in said:
                line = process.stdout.readline()
                assert line, "the server ended"
                said += line
            port = int(re.search(r"gRPC +\S+:(\d+)", said)[1])
            yield Serving(process.pid, port, int(re.search(r"page +http://\S+:(\d+)/", said)[1]))
        finally:
            process.terminate()
            process.communicate(timeout=60)


@pytest.fixture(params=["grpc", "rest"])
def client(server, request):
    """One after the other."""
    with connect(server, request.param) as connected:
        yield connected


def connect(server, kind, **settings):
    """A client of a local server."""
    settings = {"model": "tiny", "timeout": 20, **settings}
    if kind == "grpc":
        return GrpcClient(f"localhost:{server.port}", **settings)
    return RestClient(f"http://localhost:{server.rest_port}", **settings)


def wait_for(condition, seconds=120):
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not come true"
        time.sleep(0.02)
