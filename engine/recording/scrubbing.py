"""An exchange without secrets and personal data, before it is written anywhere. Floor 5.

What is known to be harmless stays (`allowed`); everything else is replaced by something invented (`invented`). Request
headers are none of the recording's business, of an answer's only its kind and its wish to wait are kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from engine.http.exchange import Heard, Request
from engine.plain import dataclass
from engine.recording.allowed import FIELD, MEDIA_TYPES, OPEN, UUID, is_kept, is_number_kept
from engine.recording.invented import Inventions

API = "/api/v1"
# What stands in for a body that is no JSON: a page to sign in, a gateway's error, an answer that was cut short.
PAGE = b"<html><body>removed</body></html>"
REMOVED = b"removed"
_PATH_WORD = re.compile(r"[a-z][a-z_]{0,39}", re.ASCII)
_QUERY_WORD = re.compile(r"[a-z][a-z_]{0,39}|\d{1,6}", re.ASCII)
_OF = {"customer": "cus", "customers": "cus", "subscription": "sub", "subscriptions": "sub"}


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """One exchange as it may be written. `status` is None where no answer came."""

    method: str
    target: str
    status: int | None
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Scrubber:
    """Scrubs every exchange of one recording, the same thing always in the same way."""

    inventions: Inventions = field(default_factory=Inventions)

    def exchange(self, heard: Heard) -> Scrubbed:
        """The exchange without what is nobody's business."""
        method, target = heard.request.method, self.target(heard.request)
        if heard.status is None:
            return Scrubbed(method, target, None, {}, b"")
        headers = {name.lower(): value for name, value in heard.headers.items()}
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        kept = {"content-type": kind if kind in MEDIA_TYPES else "application/octet-stream"} if kind else {}
        if re.fullmatch(r"\d{1,6}", headers.get("retry-after", ""), re.ASCII):
            kept["retry-after"] = headers["retry-after"]
        return Scrubbed(method, target, heard.status, kept, self.body(heard.content, kind))

    def target(self, request: Request) -> str:
        """Path and query, below `/api/v1` whatever the installation's own path is."""
        path, _, query = request.target.partition("?")
        at = path.find(API + "/")
        words = [unquote(part) for part in path[at + len(API) + 1 :].split("/")] if at >= 0 else []
        parts = [self._segment(word, words[at - 1] if at else "") for at, word in enumerate(words)]
        pairs = [(name, self._parameter(name, value)) for name, value in parse_qsl(query, keep_blank_values=True)]
        asked = urlencode([(name, value) for name, value in pairs if FIELD.fullmatch(name.removesuffix("[]"))])
        return "/".join([API, *(quote(part, safe="") for part in parts)]) + (f"?{asked}" if asked else "")

    def _segment(self, word: str, before: str) -> str:
        if before in _OF:
            return self.inventions.reference(_OF[before], word)
        if before == "billing_entities" and word != "default":
            return self.inventions.reference("code", word)
        if UUID.fullmatch(word) or _PATH_WORD.fullmatch(word):
            return word
        return self.inventions.reference("ref", word)

    def _parameter(self, name: str, value: str) -> str:
        if name == "external_customer_id":
            return self.inventions.reference("cus", value)
        if _QUERY_WORD.fullmatch(value) and name.removesuffix("[]") in ("status", "page", "per_page"):
            return value
        return self.inventions.reference("ref", value)

    def body(self, content: bytes, kind: str) -> bytes:
        """An answer's body; one that is no JSON object goes as a whole."""
        if not content:
            return b""
        try:
            value = json.loads(content)
        except ValueError:
            return PAGE if kind == "text/html" else REMOVED
        if not isinstance(value, dict | list):
            return REMOVED
        is_error = isinstance(value, dict) and "status" in value and "error" in value
        return json.dumps(self.value(value, is_error=is_error), ensure_ascii=True).encode()

    def value(
        self, value: Any, name: str = "", owner: str = "", *, is_open: bool = False, is_error: bool = False
    ) -> Any:
        """A JSON value under a field. `owner` is the field that it is within; `is_open`: everything here is data."""
        if isinstance(value, dict):
            within = is_open or name in OPEN
            made = {}
            for key, item in value.items():
                kept = FIELD.fullmatch(key) is not None and (not within or key in ("key", "value", "lago_id"))
                made[key if kept else self.inventions.text("key", key)] = self.value(
                    item, key if kept else "value", name or owner, is_open=within, is_error=is_error
                )
            return made
        if isinstance(value, list):
            return [self.value(item, name, owner, is_open=is_open, is_error=is_error) for item in value]
        if isinstance(value, str):
            return self._text(value, name, owner, is_open=is_open, is_error=is_error)
        if isinstance(value, bool) or value is None:
            return value
        return value if is_number_kept(name) and not is_open else 0

    def _text(self, text: str, name: str, owner: str, *, is_open: bool, is_error: bool) -> str:
        if is_kept(name, text, is_error=is_error) and not (is_open and name != "lago_id"):
            return text
        if is_open:
            return self.inventions.text(name, text)
        if name.startswith("external") and name.endswith("id"):
            kind = "cus" if "customer" in name else "sub" if "subscription" in name else _OF.get(owner, "ref")
            return self.inventions.reference(kind, text)
        if name == "code" or name.endswith(("_code", "_codes")):
            return self.inventions.reference("code", text)
        if name.endswith("number") and "tax" not in name and "legal" not in name and "phone" not in name:
            return self.inventions.number(text)
        if name.endswith("url"):
            return "https://lago.example/removed"
        return self.inventions.text(name or "text", text)
