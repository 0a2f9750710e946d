"""Why a request is not answered, in gRPC's and in HTTP's words."""

import logging
import re
import secrets

# gRPC's status, by number, and the HTTP status that means the same (google.rpc.Code).
CODES = {
    1: ("CANCELLED", 499),
    2: ("UNKNOWN", 500),
    3: ("INVALID_ARGUMENT", 400),
    4: ("DEADLINE_EXCEEDED", 504),
    5: ("NOT_FOUND", 404),
    7: ("PERMISSION_DENIED", 403),
    8: ("RESOURCE_EXHAUSTED", 429),
    9: ("FAILED_PRECONDITION", 400),
    11: ("OUT_OF_RANGE", 400),
    12: ("UNIMPLEMENTED", 501),
    13: ("INTERNAL", 500),
    14: ("UNAVAILABLE", 503),
}
_HTTP = dict(CODES.values())
# What TensorFlow writes around the words that say what is wrong.
_PLACES = re.compile(r"\[\[\{\{.*?\}\}\]\]|\[Op:[^\]]*\]|\(defined at [^)]*\)|\(\d+\) \w+ \w+:")
# What a client is not told: stack traces, and files by path.
_INSIDE = re.compile(r"""Traceback|File "|(?:^|[\s'"(\[])(?:/[\w.@+-]+){2,}|\b[A-Za-z]:\\""")
_HEAD = re.compile(r"^(Graph execution error:|Detected at node|<stack traces|.*root error)")
# Characters of what a client is told: names that it sent stand in it, and gRPC refuses long ones.
MOST_SAID = 2000
log = logging.getLogger(__name__)


class Refusal(Exception):
    """A request that is refused.

    code: gRPC's name of the status. http: its number in HTTP, where it is not the usual one.
    detail: what was wanted, what came, what to do.
    headers: of HTTP's answer, such as the methods that are allowed.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        http: int | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ):
        detail = detail if len(detail) <= MOST_SAID else f"{detail[:MOST_SAID]}..."
        super().__init__(detail)
        self.headers = headers
        self.code, self.detail, self.http = code, detail, http or _HTTP[code]

    def __reduce__(self):
        return Refusal, (self.code, self.detail, self.http, self.headers)


def too_many_frames(frames: int, most: int) -> Refusal:
    """Return the refusal of a request with too many frames."""
    return Refusal(
        "RESOURCE_EXHAUSTED",
        f"{frames} frames in a request, at most {most} are taken: send the video in windows, or "
        f"start the server with a larger --max_frames",
        http=413,
    )


def from_tensorflow(error: Exception) -> Refusal:
    """Turn a tf.errors.OpError into a refusal, without names of nodes and stack traces.

    What is no sentence of the graph's own, but tells of Python and of files, goes to the log alone.
    """
    code, _ = CODES.get(getattr(error, "error_code", None), ("INTERNAL", 500))
    if code in ("INTERNAL", "UNKNOWN") or _INSIDE.search(str(error)):
        return Refusal(code, failed("the model", error).detail)
    return Refusal(code, plain(str(error)))


def failed(what: str, error: Exception) -> Refusal:
    """Log an error that is not the client's, and return the message for the client."""
    number = secrets.token_hex(4)
    log.error("%s failed, %s", what, number, exc_info=error)
    return Refusal("INTERNAL", f"the server failed; its log says how, under {number}")


def plain(text: str) -> str:
    """Return the sentence in one of TensorFlow's messages.

    "Graph execution error:\\n\\n...\\nassertion failed: [no pixels] [1 0...]\\n\\t [[{{node x}}]]"
    is "no pixels 1 0...".
    """
    lines = [line for line in text.splitlines() if not _HEAD.match(line)]
    words = _PLACES.sub("", " ".join(lines)).split()
    said = " ".join(words).removeprefix("assertion failed: ")
    if said.startswith("["):
        said = said.replace("[", "", 1).replace("] [", " ")
        said = said.removesuffix("]")
    return said or "the model could not be run"
