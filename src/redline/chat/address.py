"""Where a model may be asked: the form of an address, which hosts are allowed, and the key for them."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable
from urllib.parse import urlsplit

from redline.errors import RemoteNotAllowedError, UsageError

__all__ = ["check_address", "is_loopback", "read_key"]


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine.

    >>> is_loopback("localhost"), is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("example.org")
    (True, True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_address(base_url: str, allowed: Iterable[str] = ()) -> str:
    """The host of `base_url`, once its form is right and texts may be sent there; nothing is sent to find out.

    Raises `UsageError` for what is no address (a user name, password or query in it would be a secret in every
    message and log, so it is refused too) and `RemoteNotAllowedError` for a remote host that is not in `allowed`.

    >>> check_address("http://localhost:8000/v1")
    'localhost'
    """
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, usable = urlsplit(""), False
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise UsageError(
            "the address of an endpoint is its bare base, for instance http://localhost:8000/v1, without user name, "
            "password or query. Give a key in an environment variable instead"
        )
    if not usable or not parts.hostname:
        raise UsageError(f"{base_url!r} is not the address of an endpoint, for instance http://localhost:8000/v1")
    host = parts.hostname
    if not is_loopback(host) and host not in {name.lower() for name in allowed}:
        raise RemoteNotAllowedError(
            f"texts would be sent to {host}. Nothing was sent. If patient text may go there, repeat the "
            f"command with --allow-remote {host}"
        )
    return host


def read_key(variable: str) -> str | None:
    """The key in the environment variable, or None; read when a call is made and kept nowhere."""
    key = os.environ.get(variable, "").strip()
    if not all("!" <= character <= "~" for character in key):
        raise UsageError(
            f"the key in the environment variable {variable} holds characters that no key has; set it anew"
        )
    return key or None
