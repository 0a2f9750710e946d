"""Which calls of gRPC wait for which: a few that work have threads of their own, the rest others.

So health, status and metadata are answered while all that the server can do is being done; and a
client that begins a call and does not go on is given up.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import grpc
from google.protobuf.message import DecodeError

# Threads for calls that only read, and seconds within which their small messages come.
LIGHT_CALLS, LIGHT_SECONDS = 16, 5


class Lanes(grpc.ServerInterceptor):
    """Sends each call to its threads, and waits only so long for its message.

    Args:
        heavy: names of the methods that work, "/package.Service/Method", and what checks their
            message before it is parsed: a function of its bytes that raises ValueError.
        calls: how many of them may be under way; further ones are refused with RESOURCE_EXHAUSTED.
        seconds: within which their messages come.
    """

    def __init__(self, heavy: dict[str, Callable[[bytes], None]], calls: int, seconds: float):
        self._heavy, self._calls, self._seconds = heavy, calls, seconds
        self._working = _Counting(calls, "grpc")
        self._light = ThreadPoolExecutor(LIGHT_CALLS, "grpc-light")

    def intercept_service(self, continuation, details):
        """The handler of a call, in its threads; gRPC asks before the message is received."""
        handler = continuation(details)
        if handler is None or handler.unary_unary is None:
            return handler
        check = self._heavy.get(details.method)
        if check is None:
            return _in_time(handler, self._light, LIGHT_SECONDS, lambda message: None)
        if self._working.under_way >= self._calls:
            return _handler(handler, self._refuse, self._light)
        return _in_time(handler, self._working, self._seconds, check)

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


def _in_time(handler, threads: ThreadPoolExecutor, seconds: float, check: Callable):
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
        try:
            check(message)
            request = handler.request_deserializer(message)
        except (ValueError, DecodeError) as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        del message
        return handler.unary_unary(request, context)

    return _handler(handler, behave, threads)


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
