"""Which calls of gRPC wait for which: a few that work have threads of their own, the rest others.

So health, status and metadata are answered while all that the server can do is being done; and a
client that begins a call and does not go on is given up. No message is parsed before it is known
what it takes, and a large one at a time: while it is parsed, Python does nothing else.
"""

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import grpc
from google.protobuf.message import DecodeError

from keras_i3d.export.server.refusal import Refusal

# Threads for calls that only read; seconds within which their messages come, and their bytes.
LIGHT_CALLS, LIGHT_SECONDS, LIGHT_BYTES = 16, 5, 256 << 10


class Lanes(grpc.ServerInterceptor):
    """Sends each call to its threads, and waits only so long for its message.

    Args:
        heavy: names of the methods that work, "/package.Service/Method", and what checks their
            message before it is parsed: a function of its bytes that returns how many more it takes
            when it is parsed, or raises ValueError. Messages of all others are small.
        calls: how many of them may be under way; further ones are refused with RESOURCE_EXHAUSTED.
        seconds: within which their messages come.
        most_bytes: of the messages of all calls under way together.
    """

    def __init__(
        self,
        heavy: dict[str, Callable[[bytes], int]],
        calls: int,
        seconds: float,
        most_bytes: int,
    ):
        self._heavy, self._calls, self._seconds = heavy, calls, seconds
        self._working = _Counting(calls, "grpc")
        self._light = ThreadPoolExecutor(LIGHT_CALLS, "grpc-light")
        self._memory, self._parsing = _Memory(most_bytes), threading.Lock()

    def intercept_service(self, continuation, details):
        """Return a call's handler, in its threads; gRPC asks before the message is received."""
        handler = continuation(details)
        if handler is None or handler.unary_unary is None:
            return handler and _of_small_messages(handler)
        check = self._heavy.get(details.method)
        if check is None:
            return self._in_time(handler, self._light, LIGHT_SECONDS, _check_small)
        if self._working.under_way >= self._calls:
            return _handler(handler, self._refuse, self._light)
        return self._in_time(handler, self._working, self._seconds, check)

    def stop(self) -> None:
        """End the threads when their calls have ended."""
        self._working.shutdown(wait=False)
        self._light.shutdown(wait=False)

    def _refuse(self, requests: Iterator[bytes], context) -> None:
        context.abort(
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            f"{self._calls} calls are under way, which is all the server takes; try again later, "
            f"or more slowly",
        )

    def _in_time(self, handler, threads: ThreadPoolExecutor, seconds: float, check: Callable):
        """A handler whose message must come, whole, within `seconds`, and pass `check`."""

        def behave(requests: Iterator[bytes], context):
            timer = threading.Timer(seconds, context.cancel)
            timer.start()
            try:
                message = next(requests, None)
            finally:
                timer.cancel()
            if message is None:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no message came")
            with contextlib.ExitStack() as held:
                with _refused_to(context):
                    held.enter_context(self._memory.held(len(message) + check(message)))
                    with self._parsing:
                        request = handler.request_deserializer(message)
                del message
                return handler.unary_unary(request, context)

        return _handler(handler, behave, threads)


class _Memory:
    """How much calls hold together; one alone may hold any amount."""

    def __init__(self, most: int):
        self._most, self._total, self._change = most, 0, threading.Lock()

    @contextlib.contextmanager
    def held(self, size: int) -> Iterator[None]:
        """Count so many bytes more for as long as this goes on; a Refusal where they are many."""
        with self._change:
            if self._total and self._total + size > self._most:
                raise Refusal(
                    "RESOURCE_EXHAUSTED",
                    f"calls under way hold {self._total >> 20} MB, which is about all the server "
                    f"takes; ask again later, or more slowly",
                )
            self._total += size
        try:
            yield
        finally:
            with self._change:
                self._total -= size


class _Counting(ThreadPoolExecutor):
    """Threads that know how many calls wait or run."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.under_way, self._change = 0, threading.Lock()

    def submit(self, *arguments, **options) -> Future:
        self._count(1)
        future = super().submit(*arguments, **options)
        future.add_done_callback(lambda _: self._count(-1))
        return future

    def _count(self, more: int) -> None:
        with self._change:
            self.under_way += more


def _check_small(message: bytes) -> int:
    if len(message) > LIGHT_BYTES:
        raise ValueError(f"the message has {len(message)} bytes; at most {LIGHT_BYTES} are read")
    return 0


@contextlib.contextmanager
def _refused_to(context) -> Iterator[None]:
    """End a call whose message cannot be taken."""
    try:
        yield
    except Refusal as refusal:
        code, detail = refusal.code, refusal.detail
    except (ValueError, DecodeError) as error:
        code, detail = "INVALID_ARGUMENT", str(error)
    else:
        return
    context.abort(grpc.StatusCode[code], detail)


def _of_small_messages(handler):
    """A streaming handler, which reflection and health watches have."""

    def parsed(message: bytes, context):
        with _refused_to(context):
            _check_small(message)
            return handler.request_deserializer(message)

    if handler.unary_stream is not None:

        @functools.wraps(handler.unary_stream)  # and what gRPC reads of its attributes
        def one(message, context, *more):
            return handler.unary_stream(parsed(message, context), context, *more)

        return grpc.unary_stream_rpc_method_handler(
            one, response_serializer=handler.response_serializer
        )

    def several(messages, context):
        return handler.stream_stream((parsed(one, context) for one in messages), context)

    return grpc.stream_stream_rpc_method_handler(
        several, response_serializer=handler.response_serializer
    )


def _handler(handler, behave: Callable, threads: ThreadPoolExecutor):
    """The handler of one message as of a stream of one, which is the same on the wire.

    gRPC calls it before the message has come; one of a single message has a thread wait for it
    without an end.
    """

    def behaviour(requests, context):
        return behave(requests, context)

    behaviour.experimental_thread_pool = threads
    return grpc.stream_unary_rpc_method_handler(
        behaviour, request_deserializer=None, response_serializer=handler.response_serializer
    )
