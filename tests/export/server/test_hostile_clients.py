"""Clients that send slowly, or from a foreign web site, or too much at once."""

import contextlib
import json
import os
import socket
import threading
import time

import numpy as np
import pytest
import tensorflow as tf
import urllib3
from tensorflow_serving.apis import model_management_pb2

from keras_i3d.export.server.http_server import HEAD_SECONDS
from keras_i3d.export.server.local_server import LocalServer
from keras_i3d.export.server.options import Limits, ModelConfig
from keras_i3d.export.server.refusal import Refusal, from_tensorflow
from keras_i3d.export.server.reloading import Reloading, is_here
from keras_i3d.export.server.waiting_places import Places
from tests.export.server.conftest import options


def ask(server, path="/v1/models/tiny", method="GET", body=None, **headers):
    url = f"http://127.0.0.1:{server.rest_port}{path}"
    # A connection of its own: one that is kept may be closed just when it is asked again.
    with urllib3.PoolManager() as pool:
        return pool.request(
            method, url, body=body, headers=headers, timeout=30, retries=False
        ).status


# === Foreign web sites ===


@pytest.mark.parametrize("path", ["/", "/v1/models/tiny", "/page/sample", "/page/classify"])
@pytest.mark.parametrize("name", ["evil.example", "evil.example:8501", "127.0.0.1.evil.com", ""])
def test_other_names_are_not_answered(server, path, name):
    """DNS rebinding: a name of the attacker's leads to 127.0.0.1."""
    assert ask(server, path, Host=name) == 403


@pytest.mark.parametrize(
    "name",
    ["localhost", "LOCALHOST:80", "127.0.0.1", "[::1]:8501", socket.gethostname(), "a.localhost."],
)
def test_its_own_names_are(server, name):
    assert ask(server, Host=name) == 200


def test_health_and_metrics_are_told_by_any_name(server):
    for path in ("/healthz", "/monitoring/prometheus/metrics"):
        assert ask(server, path, Host="10.2.3.4:8501") == 200


def test_further_names_by_a_flag(exported):
    config = ModelConfig("tiny", exported[0].parent)
    with LocalServer([config], options(port=None, allowed_hosts=("video.example",))) as server:
        assert ask(server, Host="video.example") == 200
        assert ask(server, Host="evil.example") == 403
    settings = {"port": None, "host": "0.0.0.0"}
    with LocalServer([config], options(**settings)) as server:
        # Somebody asks by the machine's address; a name may be anybody's.
        assert ask(server, Host="192.0.2.7:8501") == 200
        assert ask(server, Host="evil.example") == 403
    with LocalServer([config], options(**settings, allowed_hosts=("*",))) as server:
        assert ask(server, Host="evil.example") == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1"])
@pytest.mark.parametrize("path", ["/v1/models/tiny:predict", "/page/classify?model=tiny"])
def test_pages_of_other_sites_may_not_post(server, origin, path):
    headers = {"Origin": origin, "Content-Type": "application/octet-stream"}
    assert ask(server, path, "POST", b"{}", **headers) == 403


def test_its_own_page_may(server):
    own = f"http://127.0.0.1:{server.rest_port}"
    headers = {"Origin": own, "Content-Type": "application/json"}
    assert ask(server, "/v1/models/tiny:predict", "POST", b"{}", **headers) == 400


def test_types_that_a_page_may_send_unasked(server):
    def post(**headers):
        return ask(server, "/v1/models/tiny:predict", "POST", b"{}", **headers)

    for kind in ("text/plain", "text/plain;charset=UTF-8", "multipart/form-data; boundary=x"):
        assert post(**{"Content-Type": kind}) == 415
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert post(**form) == 400  # curl's default
    assert post(**form, **{"Sec-Fetch-Site": "cross-site"}) == 415
    assert post(**{"Content-Type": "application/json"}) == 400


# === Slow ones ===


@contextlib.contextmanager
def connections(server, count, content):
    """So many connections that have sent `content`."""
    opened = [socket.create_connection(("127.0.0.1", server.rest_port)) for _ in range(count)]
    try:
        for one in opened:
            one.sendall(content)
        yield opened
    finally:
        for one in opened:
            one.close()


HEAD = b"POST /v1/models/tiny:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\n"


@pytest.mark.parametrize("content", [b"", HEAD[:30], HEAD + b"{"], ids=["none", "head", "body"])
def test_three_hundred_slow_connections_lock_nobody_out(server, content):
    with connections(server, 300, content):
        started = time.monotonic()
        assert ask(server, "/healthz") == 200
        assert ask(server, "/v1/models/tiny") == 200
        assert time.monotonic() - started < HEAD_SECONDS / 2  # long before those are given up


def test_a_body_that_drips_is_given_up(exported):
    config = ModelConfig("tiny", exported[0].parent)
    settings = options(port=None, limits=Limits(receive=1))
    with LocalServer([config], settings) as server, connections(server, 1, HEAD) as (dripping,):
        dripping.settimeout(10)
        ends = time.monotonic() + 8
        with pytest.raises(OSError):
            while time.monotonic() < ends:
                dripping.sendall(b" ")
                time.sleep(0.2)
        assert time.monotonic() < ends


# === Many at once ===


def test_places_are_refused_when_all_are_taken():
    places = Places("videos", at_once=1, waiting=1)
    with places.inside(), places.at_work(1):
        places.enter()
        with pytest.raises(Refusal, match="2 videos are being processed or waiting") as caught:
            places.enter()
        assert (caught.value.http, dict(caught.value.headers)) == (503, {"Retry-After": "5"})
        started = time.monotonic()
        with pytest.raises(Refusal, match="the client is gone"), places.at_work(9, lambda: True):
            pass
        assert time.monotonic() - started < 5
        places.leave()
    with places.inside(), places.at_work(1):
        pass


def test_forty_two_uploads(exported, tmp_path):
    """Two are looked at, four wait, the rest is refused; health is answered all the while."""
    config = ModelConfig("tiny", exported[0].parent)
    body, found, head = os.urandom(1 << 20), [], {"Content-Type": "application/octet-stream"}
    with LocalServer([config], options(port=None)) as server:
        url = f"http://127.0.0.1:{server.rest_port}"

        def upload():
            path = f"{url}/page/classify?model=tiny"
            answer = urllib3.request(
                "POST", path, body=body, headers=head, retries=False, timeout=60
            )
            found.append((answer.status, answer.headers.get("Retry-After")))

        threads = [threading.Thread(target=upload) for _ in range(42)]
        for thread in threads:
            thread.start()
        slowest = 0.0
        while any(thread.is_alive() for thread in threads):
            started = time.monotonic()
            assert ask(server, "/healthz") == ask(server, "/monitoring/prometheus/metrics") == 200
            slowest = max(slowest, time.monotonic() - started)
            time.sleep(0.05)
        assert slowest < 4
        assert (503, "5") in found
        assert found.count((200, None)) >= 6
        assert len(found) == 42
        # The places are free again.
        found.clear()
        upload()
        assert found == [(200, None)]


# === What is told ===


@pytest.mark.parametrize(
    "peer, here",
    [
        ("ipv4:127.0.0.1:50000", True),
        ("ipv4:127.9.8.7:1", True),
        ("ipv6:[::1]:50000", True),
        ("ipv6:%5B::1%5D:50000", True),
        ("ipv6:[::ffff:127.0.0.1]:1", True),
        ("unix:/tmp/socket", True),
        ("ipv4:192.0.2.1:50000", False),
        ("ipv6:[2001:db8::1]:50000", False),
        ("ipv4:127.0.0.1.evil.example:1", False),
        ("", False),
    ],
)
def test_who_is_here(peer, here):
    assert is_here(peer) is here


class Served:
    """Stands for the models; keeps what it is told to serve."""

    def __init__(self, folder):
        self.configs = [ModelConfig("tiny", folder)]

    def reload(self, configs):
        self.configs = configs


@pytest.mark.parametrize(
    "settings, peer, refused",
    [
        ({}, "ipv4:127.0.0.1:5", None),
        ({}, "ipv4:192.0.2.1:5", "--reload_from_others"),
        ({"from_others": True}, "ipv4:192.0.2.1:5", None),
        ({"allowed": False}, "ipv4:127.0.0.1:5", "--noreload"),
        ({"allowed": False, "from_others": True}, "ipv4:192.0.2.1:5", "--noreload"),
    ],
)
def test_who_may_choose_what_is_served(tmp_path, settings, peer, refused):
    served = Served(tmp_path)
    asked = model_management_pb2.ReloadConfigRequest().config
    asked.model_config_list.config.add(name="other", base_path=str(tmp_path))
    reloading = Reloading(served, **settings)
    if refused:
        with pytest.raises(Refusal, match=refused) as caught:
            reloading.reload(asked, peer)
        assert caught.value.code == "PERMISSION_DENIED"
    else:
        reloading.reload(asked, peer)
    assert [one.name for one in served.configs] == ["tiny" if refused else "other"]


def test_stack_traces_and_paths_stay_in_the_log(caplog):
    for kind, said in (
        (tf.errors.InvalidArgumentError, 'Traceback (most recent call last):\n  File "/srv/x.py"'),
        (tf.errors.UnknownError, "KeyError: 'x'"),
        (tf.errors.NotFoundError, "/srv/models/secret/vocabulary.txt; No such file"),
        (tf.errors.InternalError, "something"),
    ):
        refusal = from_tensorflow(kind(None, None, said))
        assert "its log says how, under " in refusal.detail
        assert "/srv" not in refusal.detail
        number = refusal.detail.split()[-1]
        assert number in caplog.text
        assert refusal.code != "OK"


class Fails(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")])
    def __call__(self, x):
        def fail(_):
            raise RuntimeError("of " + __file__)

        return {"y": tf.ensure_shape(tf.py_function(fail, [x], tf.float32), [None])}


def test_a_model_that_fails_in_python(tmp_path):
    module = Fails()
    tf.saved_model.save(module, str(tmp_path / "m/1"), signatures=module.__call__)
    with LocalServer([ModelConfig("m", tmp_path / "m")], options(port=None)) as server:
        url = f"http://127.0.0.1:{server.rest_port}/v1/models/m:predict"
        answer = urllib3.request("POST", url, body=b'{"inputs": [1.0]}', retries=False)
        said = json.loads(answer.data)["error"]
        assert "its log says how" in said
        assert "Traceback" not in said
        assert np.isin(answer.status, (400, 500))
