"""Clients that ask a server, over gRPC and REST."""
