"""A local server of the tiny network, and both clients."""

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
