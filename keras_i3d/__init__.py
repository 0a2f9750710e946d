"""The I3D family of video networks for Keras 3."""

import importlib

import lazy_loader
import wrapt

__version__ = "0.1.0"

# __init__.pyi lists the public names.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


@wrapt.when_imported("keras")
def _register_layers(_) -> None:
    """Import the layers, which register themselves with Keras, so that load_model finds them.

    Only once Keras is imported: a process that decodes videos, a client of a server and a tool that
    prints its help need neither its three seconds nor its 400 MB.
    """
    importlib.import_module("keras_i3d.layers")
