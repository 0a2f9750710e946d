"""HTTP: TensorFlow Serving's REST interface, metrics and the page; a WSGI application."""

import contextlib
import itertools
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import IO

from google.protobuf import json_format

from keras_i3d.export.served_record import CLASSIFY
from keras_i3d.export.server import json_answers
from keras_i3d.export.server.engine import Engine
from keras_i3d.export.server.foreign_sites import ForeignSites
from keras_i3d.export.server.json_bodies import JsonBodies
from keras_i3d.export.server.page import Page, Question
from keras_i3d.export.server.prometheus_metrics import CONTENT_TYPE
from keras_i3d.export.server.refusal import Refusal, failed
from keras_i3d.export.server.status_messages import metadata_of, status_of
from keras_i3d.export.server.waiting_places import Places

MODEL = re.compile(
    r"/v1/models/(?P<model>[^/:]+)"
    r"(?:/versions/(?P<version>[0-9]{1,18})|/labels/(?P<label>[^/:]+))?"
    r"(?P<what>|/metadata|:predict|:classify)"
)
SECONDS = r"[0-9]{1,6}(?:\.[0-9]{1,6})?"
QUESTION = re.compile(
    rf"model=(?P<model>[A-Za-z0-9._-]+)(?:&start=(?P<start>{SECONDS}))?(?:&end=(?P<end>{SECONDS}))?"
)
JSON = "application/json"
FOR_READING = ("/", "/healthz", "/v1/models", "/monitoring/prometheus/metrics", "/page/sample")
# Paths that only say how the server is doing; monitoring may ask by any address.
FOR_ALL = ("/healthz", "/monitoring/prometheus/metrics")
SECURITY = [("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store")]


class RestApplication:
    """The WSGI application; `stop` makes it refuse what is new.

    Args:
        engine, page, bodies: what answers, and what reads requests.
        sites: who may ask.
        calls: requests to models that may be under way; further ones are refused, so that there are
            threads for what is answered at once.
    """

    def __init__(
        self, engine: Engine, page: Page, bodies: JsonBodies, sites: ForeignSites, calls: int
    ):
        self._engine, self._page, self._bodies, self._sites = engine, page, bodies, sites
        self._calls = Places("requests", calls)
        self._stopping = False

    def stop(self) -> None:
        """Refuse what is new."""
        self._stopping = True

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        path, method = environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"]
        try:
            if self._stopping:
                raise Refusal("UNAVAILABLE", "the server is stopping")
            status, kind, body, headers = self._answer(path, method, environ)
        except Refusal as refusal:
            status, kind, headers = refusal.http, JSON, refusal.headers
            body = _error(refusal)
        except Exception as error:
            status, kind, headers = 500, JSON, []
            body = _error(failed(f"{method} {path:.200}", error))
        phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Refused"
        headers = [("Content-Type", kind), *SECURITY, *headers]
        if isinstance(body, bytes):
            headers.append(("Content-Length", str(len(body))))
            body = [] if method == "HEAD" else [body]
        start_response(f"{status} {phrase}", headers)
        return body

    def _answer(self, path: str, method: str, environ: dict) -> tuple:
        """(status, content type, body, further headers)."""
        if path not in FOR_ALL:
            self._sites.check(environ)
        if found := MODEL.fullmatch(path):
            return 200, JSON, self._model(found, method, environ), []
        if path == "/page/classify":
            _allow(method, "POST")
            return self._upload(environ)
        if path in FOR_READING:
            _allow(method, "GET")
        if path == "/healthz":
            return 200, JSON, _json({"status": "ok"}), []
        if path == "/v1/models":
            return 200, JSON, _json({"models": self._models()}), []
        if path == "/":
            html, policy = self._page.html()
            headers = [("Content-Security-Policy", policy), ("Referrer-Policy", "no-referrer")]
            return 200, "text/html; charset=utf-8", html.encode(), headers
        if path == "/monitoring/prometheus/metrics":
            return 200, CONTENT_TYPE, self._engine.metrics.text(), []
        if path == "/page/sample":
            return 200, "application/octet-stream", self._page.sample(), []
        raise Refusal(
            "NOT_FOUND",
            f"nothing at {path[:200]!r}; ask /v1/models/NAME, /v1/models/NAME/metadata, or post to "
            f"/v1/models/NAME:predict or /v1/models/NAME:classify",
        )

    # === Models ===

    def _models(self) -> list[dict]:
        models = self._engine.models
        return [{"name": name, "versions": models.served(name)} for name in models.names]

    def _model(self, found: re.Match, method: str, environ: dict) -> Iterable[bytes]:
        version = None if found["version"] is None else int(found["version"])
        wanted = found["model"], version, found["label"] or ""
        _allow(method, "POST" if found["what"].startswith(":") else "GET")
        if found["what"] == "":
            return _json(_plain(status_of(self._engine.models.status(*wanted))))
        if found["what"] == "/metadata":
            with self._engine.models.use(*wanted) as servable:
                return _json(_metadata(metadata_of(servable)))
        self._sites.check_type(environ)
        self._calls.enter()
        with contextlib.ExitStack() as held:
            held.callback(self._calls.leave)
            lines = json_answers.pieces(self._asked(found["what"][1:], wanted, environ))
            first, second = next(lines), next(lines, None)
            if second is None:
                return first
            # Until it is read the answer keeps its place, so that others have threads.
            held.pop_all()
            return _Closing(itertools.chain((first, second), lines), self._calls.leave)

    def _asked(self, call: str, wanted: tuple, environ: dict) -> dict:
        """The answer to "predict" or "classify"."""
        started, signature, code, servable = time.monotonic(), "serving_default", "INTERNAL", None
        try:
            file, size = _body(environ)
            with self._engine.models.use(*wanted) as servable:
                asked = self._bodies.read(file, size, call, servable.definitions, _gone(environ))
                signature = asked.signature
                servable.definition(signature, CLASSIFY if call == "classify" else None)
                outputs = self._engine.ask(servable, signature, asked.inputs, gone=_gone(environ))
            answer = json_answers.results if call == "classify" else json_answers.answer
            found = answer(outputs, asked.in_rows)
            code = "OK"
            return found
        except Refusal as refusal:
            code = refusal.code
            raise
        finally:
            model, call = wanted[0], call.capitalize()
            self._engine.counted("rest", call, model, signature, code, started, servable)

    # === The page ===

    def _upload(self, environ: dict) -> tuple:
        # Only a page of this server can send this type: browsers ask before others may.
        if environ.get("CONTENT_TYPE") != "application/octet-stream":
            raise Refusal(
                "INVALID_ARGUMENT", "send the video's bytes as application/octet-stream", http=415
            )
        question = _question(environ.get("QUERY_STRING", ""))
        self._page.places.enter()
        pieces = self._page.classify(question, environ["wsgi.input"], _gone(environ))
        lines = self._streamed(pieces, question.model, time.monotonic())
        return (
            200,
            "application/x-ndjson",
            _Closing(lines, lines.close, self._page.places.leave),
            [],
        )

    def _streamed(self, pieces: Iterator[dict], model: str, started: float) -> Iterator[bytes]:
        """Lines of JSON as they come; one that cannot come is {"error": ...}, the last."""
        code = "CANCELLED"  # where the browser leaves, this is closed
        try:
            for piece in pieces:
                yield _json(piece) + b"\n"
            code = "OK"
        except Refusal as refusal:
            code = refusal.code
            yield _error(refusal) + b"\n"
        except Exception as error:
            code = "INTERNAL"
            yield _error(failed("a video of the page", error)) + b"\n"
        finally:
            pieces.close()
            self._engine.counted("page", "Predict", model, "serving_default", code, started, None)


class _Closing:
    """Lines, and what to do after the last, even if nobody ever asked for one."""

    def __init__(self, lines: Iterator[bytes], *ends: Callable[[], None]):
        self._lines, self._ends = lines, ends

    def __iter__(self) -> Iterator[bytes]:
        return self._lines

    def close(self) -> None:
        """Close; the WSGI server calls this, once, whatever has happened."""
        for end in self._ends:
            end()


def _body(environ: dict) -> tuple[IO[bytes], int]:
    """(the body, its bytes)"""
    coding = environ.get("HTTP_CONTENT_ENCODING", "identity")
    if coding != "identity":
        raise Refusal(
            "INVALID_ARGUMENT", f"send the body as it is. Received: {coding[:20]!r}", http=415
        )
    # waitress says the length of a body in pieces, too.
    return environ["wsgi.input"], int(environ.get("CONTENT_LENGTH") or 0)


def _question(query: str) -> Question:
    found = QUESTION.fullmatch(query)
    if found is None:
        raise Refusal(
            "INVALID_ARGUMENT", "ask /page/classify?model=NAME[&start=SECONDS][&end=SECONDS]"
        )
    start, end = float(found["start"] or 0), found["end"] and float(found["end"])
    if end is not None and end <= start:
        raise Refusal("INVALID_ARGUMENT", f"the part ends at {end:g} s, before its start")
    return Question(found["model"], start, end)


def _allow(method: str, wanted: str) -> None:
    """Refuse another method than "GET", which HEAD goes with, or "POST"."""
    allowed = ("GET", "HEAD") if wanted == "GET" else (wanted,)
    if method not in allowed:
        headers = (("Allow", ", ".join(allowed)),)
        detail = f"{wanted} is wanted here. Received: {method}"
        raise Refusal("UNIMPLEMENTED", detail, http=405, headers=headers)


def _gone(environ: dict) -> Callable[[], bool] | None:
    return environ.get("waitress.client_disconnected")


def _json(content: dict) -> bytes:
    return json.dumps(content).encode()


def _error(refusal: Refusal) -> bytes:
    return _json({"error": refusal.detail})


def _plain(message) -> dict:
    """A message as TF Serving writes it: names with underscores, zeros and empty fields too."""
    return json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


def _metadata(response) -> dict:
    answer = _plain(response)
    # TF Serving leaves out what the packed message is.
    answer["metadata"]["signature_def"].pop("@type", None)
    return answer
