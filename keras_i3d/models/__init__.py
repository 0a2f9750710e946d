"""The networks, built with the functional API from `keras_i3d.layers`; no weights here."""

from keras_i3d.models.catalogue import NETWORKS, Network, network
from keras_i3d.models.i3d import build_i3d, build_two_stream_i3d

__all__ = ["NETWORKS", "Network", "build_i3d", "build_two_stream_i3d", "network"]
