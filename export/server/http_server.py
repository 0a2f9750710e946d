"""waitress, with deadlines: whoever sends slowly, or nothing, holds nobody else up.

One thread reads and writes all connections, a few answer. A body is kept on disk until it is whole,
and never beyond the limit. waitress closes connections that are silent; those that send a byte now
and then are closed here, and the oldest of them where there are too many.
"""

import logging
import threading
import time
from collections.abc import Callable

import waitress
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.task import ErrorTask

from keras_i3d.export.server.options import Options

# Open connections, and seconds after which one that says nothing is closed.
CONNECTIONS, SILENCE = 200, 60
# Seconds for a request's head; bytes a second of a body that takes longer than `Limits.receive`.
HEAD_SECONDS, BODY_RATE = 10, 64 << 10
# Seconds before a connection can count as slow.
FRESH_SECONDS = 2
# Bodies that are on disk, in multiples of the largest.
BODIES = 16
# Threads for what is answered at once, besides those for work.
LIGHT_THREADS = 8
LOOK_EVERY = 0.5
TOO_LARGE = (
    "the body is larger than the server takes: send JPEG frames to the signature jpeg_frames, "
    "fewer frames, or start the server with a larger --max_message_mb"
)
TOO_LARGE_VIDEO = (
    "the video is larger than the server takes: trim it to the minute that matters, or save it "
    "smaller; whoever runs the server can allow more by --max_message_mb"
)


class HttpServer:
    """Serves a WSGI application.

    Args:
        application: called in one of `options.calls` and a few more threads.
        options: where to listen, and the limits.
        stopping: called once, before the last requests are waited for.

    Raises:
        OSError: when the port cannot be opened.
    """

    def __init__(self, application: Callable, options: Options, stopping: Callable[[], None]):
        self._limits, self._stopping = options.limits, stopping
        self._connections, self._next_look = {}, 0.0
        try:
            self._server = waitress.create_server(
                application,
                map=self._connections,
                host=options.host,
                port=options.rest_port,
                threads=options.calls + LIGHT_THREADS,
                max_request_body_size=options.limits.message_bytes,
                max_request_header_size=32 << 10,
                recv_bytes=64 << 10,
                connection_limit=2 * CONNECTIONS,  # those beyond CONNECTIONS are dropped here
                channel_timeout=SILENCE,
                cleanup_interval=SILENCE // 4,
                channel_request_lookahead=1,  # so that a client's leaving is noticed
                asyncore_use_poll=True,
                clear_untrusted_proxy_headers=True,
                ident="keras-i3d",
            )
        except OSError as error:
            address = f"{options.host}:{options.rest_port}"
            raise OSError(f"port {address} cannot be opened: {error.strerror}") from error
        # It counts the requests that wait, and notices each client that leaves.
        for name in ("waitress", "waitress.queue"):
            logging.getLogger(name).setLevel(logging.ERROR)
        for socket in list(self._connections.values()):
            if hasattr(socket, "channel_class"):
                socket.channel_class = _Channel
        self._server.channel_class = _Channel
        self.port = int(self._server.effective_port)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)

    def start(self) -> None:
        """Take requests."""
        self._thread.start()

    def stop(self, grace: float) -> None:
        """Take no more requests; those under way may end within `grace` seconds."""
        self._stopping()
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
            wasyncore.loop(timeout=LOOK_EVERY, use_poll=True, map=self._connections, count=1)
            channels = [one for one in self._connections.values() if isinstance(one, _Channel)]
            if len(channels) > CONNECTIONS or time.monotonic() >= self._next_look:
                self._next_look = time.monotonic() + LOOK_EVERY
                self._close_slow(channels)

    def _close_slow(self, channels: list["_Channel"]) -> None:
        now = time.time()
        for channel in channels:
            if channel.is_late(now, self._limits.receive):
                channel.will_close = True
        waiting = sorted(
            (one for one in channels if one.waits_for_client and not one.will_close),
            key=lambda one: one.rank(now),
        )
        held = sum(one.body_bytes for one in waiting)
        left = sum(not one.will_close for one in channels)
        for channel in waiting:
            full = held > BODIES * self._limits.message_bytes and channel.body_bytes
            if left > CONNECTIONS or full:
                channel.will_close = True
                left, held = left - 1, held - channel.body_bytes


class _ErrorInJson(ErrorTask):
    """What waitress itself refuses, such as a body that is too large, in JSON as all errors are."""

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
    """One connection, which knows since when it waits for the client."""

    error_task_class = _ErrorInJson

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.since, self._asked = self.creation_time, False

    def received(self, data):
        if self.request is None:
            self.since = time.time()
        self._asked = True
        return super().received(data)

    @property
    def waits_for_client(self) -> bool:
        """Whether nothing of it is being worked on: the client sends, reads, or is silent."""
        return not self.requests

    @property
    def has_head(self) -> bool:
        """Whether the head of a request has come, and its body is coming."""
        return self.request is not None and self.request.headers_finished

    @property
    def body_bytes(self) -> int:
        """Bytes of a body that have come."""
        return self.request.body_bytes_received if self.has_head else 0

    def rank(self, now: float) -> tuple:
        """Return the place in the order of closing: the silent, then bodies, then those just come.

        Those just come go by age alone: the newest may be about to ask whether the server lives.
        """
        fresh = now - self.since < FRESH_SECONDS
        return fresh, self.has_head and not fresh, self.since

    def is_late(self, now: float, receive: float) -> bool:
        """Return whether its request should have come whole, or its head should."""
        if not self.waits_for_client or (self._asked and self.request is None):
            return False
        allowed = receive + self.body_bytes / BODY_RATE if self.has_head else HEAD_SECONDS
        return now - self.since > allowed
