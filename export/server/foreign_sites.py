"""Requests that a foreign web site has a browser send: refused, since the browser may be within.

A page from anywhere can post to http://localhost without asking, and with a name of its own that
leads to 127.0.0.1 (DNS rebinding) it can read the answers, too. Browsers say who asks, by `Origin`,
and by which name, by `Host`.
"""

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from keras_i3d.export.server.refusal import Refusal

HERE = ("localhost", "127.0.0.1", "::1")
ANY_ADDRESS = ("0.0.0.0", "::", "")
# What a page may send anywhere without asking first; a form's is curl's default as well.
UNASKED, FORM = ("text/plain", "multipart/form-data"), "application/x-www-form-urlencoded"


class ForeignSites:
    """Knows the names that the server has.

    Args:
        host: the address that it listens on.
        allowed: further names; "*" for any.
    """

    def __init__(self, host: str, allowed: Iterable[str] = ()):
        machine = socket.gethostname().lower()
        given = {name.lower() for name in allowed}
        self._names = {*HERE, host.lower(), machine, machine.split(".")[0], *given}
        self._any_name, self._any_address = "*" in given, host in ANY_ADDRESS

    def check(self, environ: dict) -> None:
        """Refuse what has another name, or comes from another site's page."""
        host = environ.get("HTTP_HOST")
        if host is not None and not self._knows(_name_of(host)):
            raise Refusal(
                "PERMISSION_DENIED",
                f"{host[:100]!r} is not a name of this server; to allow it, start the server with "
                f"--allowed_host=NAME",
            )
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None and urlsplit(origin).netloc.lower() != (host or "").lower():
            raise Refusal("PERMISSION_DENIED", f"pages of {origin[:100]!r} may not ask this server")

    def check_type(self, environ: dict) -> None:
        """Refuse a body of a type that a page may send anywhere without asking."""
        kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        by_browser = any(name in environ for name in ("HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE"))
        if kind in UNASKED or (kind == FORM and by_browser):
            raise Refusal(
                "INVALID_ARGUMENT",
                f"the body should be sent as application/json. Received: {kind}",
                http=415,
            )

    def _knows(self, name: str) -> bool:
        if self._any_name or name in self._names or name.endswith(".localhost"):
            return True
        # An address cannot be somebody else's name for this machine.
        return self._any_address and _is_address(name)


def _name_of(host: str) -> str:
    """The name in a Host header: "[::1]:8501" is "::1"."""
    try:
        return (urlsplit(f"//{host}").hostname or "").removesuffix(".")
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
