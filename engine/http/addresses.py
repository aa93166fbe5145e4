"""Addresses of servers: https, or http on loopback only, with nothing in them that does not belong there. Floor 2."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

API = "/api/v1"

_PORTS = {"https": 443, "http": 80}


def normalize_lago_url(text: str) -> str:
    """Lago's address with `/api/v1` at its end, without a slash after it. Raises ValueError that says what is wrong."""
    url = _checked(text)
    path = url.path.rstrip("/")
    return f"{url.scheme}://{url.netloc}{path if path.endswith(API) else path + API}"


def normalize_server_url(text: str) -> str:
    """A server's address without a slash at its end; its path is kept. Raises ValueError that says what is wrong."""
    url = _checked(text)
    return f"{url.scheme}://{url.netloc}{url.path.rstrip('/')}"


def is_loopback(url: str) -> bool:
    """Whether the address can only mean this machine: 127.0.0.0/8, ::1 or `localhost`."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _checked(text: str) -> SplitResult:
    """The address in its one spelling, so that the same server is the same in a lock's key.

    Only what every program reads alike is let through: where two readers disagree about an address, a key can go astray.
    """
    wanted = "an address is needed, as `https://api.example.com`"
    if not text.isascii() or any(character.isspace() or not character.isprintable() for character in text):
        raise ValueError(f"{wanted}; spaces, control characters and letters beyond ASCII do not belong in it")
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        raise ValueError(f"{wanted}; {error}") from None
    if url.scheme not in _PORTS or not url.hostname or port == 0:
        raise ValueError(wanted)
    if url.username is not None or url.password is not None:
        raise ValueError("a name or password does not belong in an address; a key is a setting of its own")
    if url.query or url.fragment or "?" in text or "#" in text:
        raise ValueError("an address ends with its path: no `?` and no `#`")
    host = _host(url.hostname)
    if host is None:
        raise ValueError(f"{wanted}; `{url.hostname}` is no name of a host")
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]*)*", url.path) or {".", ".."} & set(url.path.split("/")):
        raise ValueError(f"{wanted}; its path may hold letters, digits, `-`, `.`, `_` and `~`")
    if url.scheme == "http" and not is_loopback(text):
        raise ValueError("http is for loopback only; a key goes over https")
    return url._replace(netloc=host if port in (None, _PORTS[url.scheme]) else f"{host}:{port}")


def _host(name: str) -> str | None:
    """A host as it stands in an address: a name in lower case without a last dot, or an IP address; else None."""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        name = name.lower().removesuffix(".")
        is_name = len(name) <= 253 and all(
            re.fullmatch(r"[a-z0-9_]([a-z0-9_-]{0,62})", part) for part in name.split(".")
        )
        # What looks like a number is one to some readers: `127.1`, `0x7f000001`, `1.2.3.4.5`.
        return name if is_name and not re.fullmatch(r"[0-9]+|0x[0-9a-f]*", name.rpartition(".")[2]) else None
    if isinstance(address, ipaddress.IPv6Address):
        return None if address.scope_id else f"[{address}]"
    return str(address)
