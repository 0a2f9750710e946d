"""Answers of millions of numbers: written piece by piece, while others are answered."""

import json
import threading
import time

import numpy as np
import pytest
import tensorflow as tf
import urllib3

from keras_i3d.export.server.json_answers import answer, pieces
from keras_i3d.export.server.local_server import LocalServer
from keras_i3d.export.server.options import ModelConfig
from tests.export.server.conftest import options

NUMBERS = 1_000_000


class Many(tf.Module):
    """From how many rows to as many of a million numbers."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")])
    def __call__(self, x):
        return {"y": x[:, None] + tf.range(NUMBERS, dtype=tf.float32) / 7}


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    folder, module = tmp_path_factory.mktemp("many") / "m", Many()
    tf.saved_model.save(module, str(folder / "1"), signatures=module.__call__)
    with LocalServer([ModelConfig("m", folder)], options(port=None, calls=2)) as server:
        yield f"http://127.0.0.1:{server.rest_port}"


def ask(url, **settings):
    with urllib3.PoolManager() as pool:
        return pool.request(
            "POST", f"{url}/v1/models/m:predict", body=b'{"inputs": [1]}', timeout=60, **settings
        )


def test_it_holds_nobody_up(many):
    found = []
    thread = threading.Thread(target=lambda: found.append(ask(many).data))
    thread.start()
    slowest, begun = 0, time.monotonic()
    while thread.is_alive():
        started = time.monotonic()
        assert urllib3.request("GET", f"{many}/healthz", timeout=30).status == 200
        slowest = max(slowest, time.monotonic() - started)
    whole = time.monotonic() - begun
    (row,) = json.loads(found[0])["outputs"]
    assert np.allclose(row, 1 + np.arange(NUMBERS) / 7, rtol=1e-6)
    assert slowest < whole / 2


def test_who_does_not_read_keeps_a_place(many):
    """Two answers that nobody reads take both places, no others; and give them back."""
    with urllib3.PoolManager(2, block=False) as pool:
        unread = [
            pool.request(
                "POST",
                f"{many}/v1/models/m:predict",
                body=b'{"inputs": [1]}',
                preload_content=False,
            )
            for _ in range(2)
        ]
        assert [answer.status for answer in unread] == [200, 200]
        assert ask(many, retries=False).status == 503
        assert urllib3.request("GET", f"{many}/healthz").status == 200
        for one in unread:
            one.close()
    ends = time.monotonic() + 60
    while (status := ask(many, retries=False).status) == 503 and time.monotonic() < ends:
        time.sleep(0.1)
    assert status == 200


@pytest.mark.parametrize(
    "content",
    [
        {"outputs": np.arange(10.0, dtype=np.float32) / 3},
        {"outputs": np.zeros((0, 3))},
        {"outputs": np.float64(0.1)},
        {"outputs": np.arange(9999)},
        {"outputs": np.arange(30000.0).reshape(3, 2, 5000), "a \u00fc": ["x", {"b64": "eA=="}]},
        {"predictions": [{"a": np.float32(1.5), "b": np.ones((2, 9000))}, {}, []]},
        {"outputs": np.array([np.nan, np.inf])},
        {},
    ],
    ids=range(8),
)
def test_it_is_what_json_writes(content):
    def plain(value):
        if isinstance(value, dict):
            return {key: plain(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return list(map(plain, value))
        return value.tolist() if isinstance(value, np.ndarray | np.generic) else value

    assert b"".join(pieces(content)) == json.dumps(plain(content)).encode()


def test_rows_of_several_outputs():
    outputs = {"p": np.array([[0.25, 0.75], [1, 0]]), "n_bytes": np.array([b"x", b"y"], object)}
    assert json.loads(b"".join(pieces(answer(outputs, in_rows=True)))) == {
        "predictions": [
            {"p": [0.25, 0.75], "n_bytes": {"b64": "eA=="}},
            {"p": [1, 0], "n_bytes": {"b64": "eQ=="}},
        ]
    }


def test_a_piece_is_small():
    sizes = [len(piece) for piece in pieces({"outputs": np.random.default_rng(0).random(10**5)})]
    assert max(sizes) < 200_000
