"""The options of an application, written out once: in the builder of its network."""

import functools
import inspect
from collections.abc import Callable


def options_of(build: Callable, *, without: tuple[str, ...] = ()) -> Callable:
    """Return a decorator that shows the arguments of `build` in place of `**options`.

    So help() and editors list them with their defaults, and a wrong name is a TypeError of the
    application, before anything is built. `classes` is None by default, and new_head follows it.

    Args:
        build: the builder that the options are for, or another application.
        without: arguments of it that are no options.
    """

    def decorate(application: Callable) -> Callable:
        own = inspect.signature(application)
        shown = [p for p in own.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
        left_out = {*without, *own.parameters}
        for one in inspect.signature(build).parameters.values():
            if one.name in left_out:
                continue
            if one.name == "classes":
                shown.append(_keyword(one, None, int | None))
                if "new_head" not in inspect.signature(build).parameters:
                    shown.append(inspect.Parameter("new_head", one.KEYWORD_ONLY, default=False))
            else:
                shown.append(_keyword(one, one.default, one.annotation))
        signature = own.replace(parameters=shown)

        @functools.wraps(application)
        def checked(*arguments, **options):
            try:
                signature.bind(*arguments, **options)
            except TypeError as error:
                raise TypeError(f"{checked.__name__}: {error}") from None
            return application(*arguments, **options)

        checked.__signature__ = signature
        return checked

    return decorate


def _keyword(parameter: inspect.Parameter, default, annotation) -> inspect.Parameter:
    return parameter.replace(
        kind=inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )
