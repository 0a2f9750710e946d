"""Options that several functions share, written out once: in the signature of one of them."""

import functools
import inspect
from collections.abc import Callable


def options_of(source: Callable, *, without: tuple[str, ...] = ()) -> Callable:
    """Return a decorator that shows the arguments of `source` in place of `**options`.

    So help() and editors list them with their defaults, and a wrong name is a TypeError before
    anything is done.

    Args:
        source: the function or the class that takes the options in the end.
        without: arguments of it that are no options.
    """

    def decorate(function: Callable) -> Callable:
        own = inspect.signature(function)
        shown = [p for p in own.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
        left_out = {*without, *own.parameters}
        for one in inspect.signature(source).parameters.values():
            if one.name not in left_out and one.kind is not inspect.Parameter.VAR_KEYWORD:
                shown.append(one.replace(kind=inspect.Parameter.KEYWORD_ONLY))
        signature = own.replace(parameters=shown)

        @functools.wraps(function)
        def checked(*arguments, **options):
            try:
                signature.bind(*arguments, **options)
            except TypeError as error:
                raise TypeError(f"{checked.__qualname__}: {error}") from None
            return function(*arguments, **options)

        checked.__signature__ = signature
        return checked

    return decorate
