"""Loaded before Python programs: looking up any name but ``localhost`` fails, as it does without a network.

An address that is replaced before it is looked up is not stopped by this.
"""

import ipaddress
import socket

_lookup = socket.getaddrinfo


def _offline(host, *args, **kwargs):
    name = host.decode() if isinstance(host, bytes) else host
    if name not in (None, "", "localhost"):
        try:
            ipaddress.ip_address(name)
        except ValueError:
            raise socket.gaierror(socket.EAI_NONAME, f"offline: {name}") from None
    return _lookup(host, *args, **kwargs)


socket.getaddrinfo = _offline
