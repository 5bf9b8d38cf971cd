"""Keys and passwords out of what a run writes down of its configuration."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["HIDDEN", "scrubbed"]

HIDDEN = "***"
"""Stands where a secret was."""
SHORTEST = 8
"""Characters of a variable of the environment from which it is looked for."""
VARIABLE = re.compile(r"(?:^|_)(?:KEY|APIKEY|TOKEN|SECRET|PASSWORD|PASSWD|PAT|CREDENTIALS?)(?:_|$)")
NAMES = re.compile(
    r"(?:^|[_-])(?:api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key|secret|token|password|passwd|credentials?"
    r"|authorization|cookie)$"
)
"""Of settings whose text is a secret. Numbers (`max_tokens`) are none."""
SPELLINGS = re.compile(
    r"\b(?:sk|pk|rk)-[\w-]{16,}|\bhf_\w{16,}|\bgh[opsur]_\w{16,}|\bgithub_pat_\w{16,}|\bxox[abprs]-[\w-]{10,}"
    r"|\bAKIA[0-9A-Z]{16}\b|\bAIza[\w-]{30,}|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|(?<=Bearer )[^\s\"',]{8,}"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)
"""How keys of many services are spelled; a user and password in an address."""


def scrubbed(value: Any) -> Any:
    """The JSON value without secrets.

    What counts as one: the text of a setting with a secret's name, whatever is spelled as a service's key, and what the
    environment holds under a name such as `OPENAI_API_KEY`. As the name of a setting too.
    """
    held = sorted(_of_environment(), key=len, reverse=True)
    return _scrubbed(value, held)


def _of_environment() -> Iterable[str]:
    return {value for name, value in os.environ.items() if VARIABLE.search(name.upper()) and len(value) >= SHORTEST}


def _scrubbed(value: Any, held: list[str]) -> Any:
    if isinstance(value, str):
        return _text(value, held)
    if isinstance(value, Mapping):
        return {_text(str(name), held): _setting(str(name), item, held) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_scrubbed(item, held) for item in value]
    return value


def _setting(name: str, value: Any, held: list[str]) -> Any:
    if isinstance(value, str) and value and NAMES.search(name.lower()):
        return HIDDEN
    if isinstance(value, Mapping) and name.lower() in ("headers", "extra_headers"):
        return dict.fromkeys((_text(str(header), held) for header in value), HIDDEN)
    return _scrubbed(value, held)


def _text(text: str, held: list[str]) -> str:
    for secret in held:
        text = text.replace(secret, HIDDEN)
    return SPELLINGS.sub(HIDDEN, text)
