"""The whole server: models, queue, gRPC and HTTP; started, and stopped without losing a request."""

import logging
import threading
import time

import waitress
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.task import ErrorTask

from keras_i3d.export.server.batching import Batcher
from keras_i3d.export.server.engine import Engine
from keras_i3d.export.server.grpc_server import GrpcServer
from keras_i3d.export.server.models import Models
from keras_i3d.export.server.options import ModelConfig, Options
from keras_i3d.export.server.page import Page
from keras_i3d.export.server.prometheus_metrics import Metrics
from keras_i3d.export.server.reloading import Reloading
from keras_i3d.export.server.rest import RestApplication

# Open connections, and seconds after which one that says nothing is closed.
CONNECTIONS, SILENCE = 200, 60
TOO_LARGE = (
    "the body is larger than the server takes: send JPEG frames to the signature jpeg_frames, "
    "fewer frames, or start the server with a larger --max_message_mb"
)
TOO_LARGE_VIDEO = (
    "the video is larger than the server takes: trim it to the minute that matters, or save it "
    "smaller; whoever runs the server can allow more by --max_message_mb"
)
log = logging.getLogger(__name__)


class LocalServer:
    """A server of models.

        with LocalServer([ModelConfig("i3d", Path("models/i3d"))], Options(port=0)) as server:
            GrpcClient(f"localhost:{server.port}", "i3d")...

    Attributes:
        port, rest_port: where it listens; None where it does not.

    Raises:
        OSError: when a port cannot be had.
        ValueError: when no version of a model can be loaded.
    """

    def __init__(self, configs: list[ModelConfig], options: Options | None = None):
        self.options = options = options or Options()
        self.metrics = Metrics()
        self.models = Models(configs, options.poll, options.warm_up, self.metrics.see_version)
        self.batcher = Batcher(
            options.batch_threads,
            options.batch_frames,
            options.batch_window,
            options.queue,
            watch=self.metrics.batches.observe,
        )
        self.engine = Engine(self.models, self.batcher, self.metrics, options.limits)
        self.port = self.rest_port = self._grpc = self._http = None
        if options.port is not None:
            reloading = Reloading(self.models, options.reload_below)
            # An address of IPv6 has colons of its own.
            host = f"[{options.host}]" if ":" in options.host else options.host
            address = f"{host}:{options.port}"
            self._grpc = GrpcServer(self.engine, reloading, address, options.calls, options.tls)
            self.port = self._grpc.port
        if options.rest_port is not None:
            page = Page(self.engine, options.sample)
            self._http = _Http(RestApplication(self.engine, page), self)
            self.rest_port = self._http.port

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self) -> None:
        """Load the models, then take requests."""
        try:
            self.models.start()
            for name in self.models.names:
                if not self.models.served(name):
                    causes = [error for _, _, error in self.models.status(name) if error]
                    folder = next(c.folder for c in self.models.configs if c.name == name)
                    cause = causes[0] if causes else "there is none, such as MODEL/1/saved_model.pb"
                    raise ValueError(f"{folder}: no version of it can be served: {cause}")
        except BaseException:
            self.stop(0)
            raise
        for side in (self._grpc, self._http):
            if side is not None:
                side.start()

    def stop(self, grace: float = 30) -> None:
        """Take no more requests, answer those under way within `grace` seconds, then end."""
        sides = [side for side in (self._grpc, self._http) if side is not None]
        threads = [threading.Thread(target=side.stop, args=(grace,)) for side in sides]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.batcher.close()
        self.models.stop()


class _Http:
    """waitress: one thread reads and writes all connections, a few answer.

    A client that sends slowly, or not at all, holds a connection and no thread; a body is kept on
    disk until it is whole, and never beyond the limit.
    """

    def __init__(self, application: RestApplication, server: LocalServer):
        options = server.options
        self._application, self._connections = application, {}
        try:
            self._server = waitress.create_server(
                application,
                map=self._connections,
                host=options.host,
                port=options.rest_port,
                threads=options.calls,
                max_request_body_size=options.limits.message_bytes,
                connection_limit=CONNECTIONS,
                channel_timeout=SILENCE,
                cleanup_interval=SILENCE // 4,
                channel_request_lookahead=1,  # so that a client's leaving is noticed
                asyncore_use_poll=True,
                clear_untrusted_proxy_headers=True,
                ident="keras-i3d",
            )
        except OSError as error:
            address = f"{options.host}:{options.rest_port}"
            raise OSError(f"port {address} cannot be had: {error.strerror}") from error
        for socket in list(self._connections.values()):
            if hasattr(socket, "channel_class"):
                socket.channel_class = _Channel
        self._server.channel_class = _Channel
        self.port = int(self._server.effective_port)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, grace: float) -> None:
        self._application.stop()
        dispatcher, until = self._server.task_dispatcher, time.monotonic() + grace
        if self._thread.is_alive():
            while (dispatcher.queue or dispatcher.active_count) and time.monotonic() < until:
                time.sleep(0.05)
            time.sleep(0.1)  # the last bytes are on their way
            self._ended.set()
            self._server.trigger.pull_trigger()
            self._thread.join()
        dispatcher.shutdown(timeout=1)
        wasyncore.close_all(self._connections, ignore_all=True)

    def _serve(self) -> None:
        while not self._ended.is_set():
            wasyncore.loop(timeout=1, use_poll=True, map=self._connections, count=1)


class _ErrorInJson(ErrorTask):
    """What waitress refuses by itself, such as a body that is too large, said as all else is."""

    def execute(self):
        error = self.request.error
        said = error.body
        if error.code == 413:
            said = TOO_LARGE_VIDEO if self.request.path == "/page/classify" else TOO_LARGE
        body = b'{"error": "%s"}' % said.replace('"', "'").encode("ascii", "replace")
        self.status, self.close_on_finish = f"{error.code} {error.reason}", True
        self.content_length = len(body)
        self.response_headers.append(("Content-Type", "application/json"))
        self.response_headers.append(("Connection", "close"))
        self.response_headers.append(("Content-Length", str(len(body))))
        self.write(body)


class _Channel(HTTPChannel):
    error_task_class = _ErrorInJson
