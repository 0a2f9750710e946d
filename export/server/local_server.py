"""The whole server: models, queue, gRPC and HTTP; started, and stopped without losing a request."""

import threading

from keras_i3d.export.server.batching import Batcher
from keras_i3d.export.server.engine import Engine
from keras_i3d.export.server.foreign_sites import ForeignSites
from keras_i3d.export.server.freed_memory import FreedMemory
from keras_i3d.export.server.grpc_server import GrpcServer
from keras_i3d.export.server.http_server import HttpServer
from keras_i3d.export.server.json_bodies import JsonBodies
from keras_i3d.export.server.models import Models
from keras_i3d.export.server.options import ModelConfig, Options
from keras_i3d.export.server.page import Page
from keras_i3d.export.server.prometheus_metrics import Metrics
from keras_i3d.export.server.reloading import Reloading
from keras_i3d.export.server.rest import RestApplication


class LocalServer:
    """A server of models.

        with LocalServer([ModelConfig("i3d", Path("models/i3d"))], Options(port=0)) as server:
            GrpcClient(f"localhost:{server.port}", "i3d")...

    Attributes:
        port, rest_port: where it listens; None where it does not.

    Raises:
        OSError: when a port cannot be opened.
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
        self._freed = FreedMemory()
        self.port = self.rest_port = self._grpc = self._http = self._bodies = None
        if options.port is not None:
            reloading = Reloading(
                self.models, options.reload_below, options.reload, options.reload_from_others
            )
            # An address of IPv6 has colons of its own.
            host = f"[{options.host}]" if ":" in options.host else options.host
            address = f"{host}:{options.port}"
            self._grpc = GrpcServer(self.engine, reloading, address, options.calls, options.tls)
            self.port = self._grpc.port
        if options.rest_port is not None:
            sites = ForeignSites(options.host, options.allowed_hosts)
            page = Page(self.engine, options.sample)
            self._bodies = JsonBodies(options.limits)
            application = RestApplication(self.engine, page, self._bodies, sites, options.calls)
            self._http = HttpServer(application, options, application.stop)
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
        self._freed.start()
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
        self._freed.stop()
        if self._bodies is not None:
            self._bodies.close()
