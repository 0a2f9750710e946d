"""Fixtures for published files and a server that has them."""

import http.server
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from keras_i3d.files.hashes import git_blob
from keras_i3d.weights import records
from keras_i3d.weights.records import PublishedFile
from keras_i3d.weights.tf_checkpoint import index_and_data, write_checkpoint


class Server:
    """Serves a folder on 127.0.0.1; `faults` says what goes wrong with the next answers."""

    def __init__(self, folder: Path):
        self.folder, self.requests, self.faults = folder, [], []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, handler):
        begin = handler.headers.get("Range")
        self.requests.append((handler.path, begin))
        fault = self.faults.pop(0) if self.faults else None
        path = self.folder / handler.path.lstrip("/")
        if fault == "missing" or not path.is_file():
            handler.send_error(404)
            return
        content = path.read_bytes()
        if fault == "wrong":
            content = b"<html>log in to this network</html>"
        if fault == "flipped":
            content = content[:-1] + bytes([content[-1] ^ 1])
        if fault == "endless":
            content += b"x" * 100
        start = 0
        if begin and fault != "no ranges":
            start = int(begin.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                handler.send_error(416)
                return
            handler.send_response(206)
        else:
            handler.send_response(200)
        handler.send_header("Content-Length", str(len(content) - start))
        handler.end_headers()
        content = content[start:]
        handler.wfile.write(content[: len(content) // 2] if fault == "breaks off" else content)

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "server"
    folder.mkdir()
    server = Server(folder)
    yield server
    server.close()


@pytest.fixture
def small_record(server):
    """A record of a tiny checkpoint that lies on the server, which is its publisher."""
    prefix = server.folder / "tiny" / "model.ckpt"
    prefix.parent.mkdir()
    rng = np.random.default_rng(0)
    write_checkpoint(prefix, {"a/w": rng.normal(size=(300, 400)), "b": rng.normal(size=7)})
    files = tuple(
        PublishedFile(
            f"tiny/{path.name}",
            git_blob(path),
            path.stat().st_size,
            f"{server.url}/tiny/{path.name}",
        )
        for path in index_and_data(prefix)
    )
    return replace(records.FLOW_SCRATCH, name="tiny", files=files, golden=None)
