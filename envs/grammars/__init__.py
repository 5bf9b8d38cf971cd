"""How tool calls are written in an assistant's text: named grammars, each parsing and rendering."""

from __future__ import annotations

from assaygym.envs.grammars.base import Grammar, ParsedTurn
from assaygym.envs.grammars.code_calls import Fence, Pythonic
from assaygym.envs.grammars.json_calls import Hermes, Llama3, Mistral, OpenAI
from assaygym.envs.grammars.markup import Qwen3Coder, ReAct
from assaygym.errors import ConfigError, did_you_mean

__all__ = ["GRAMMARS", "Grammar", "ParsedTurn", "grammar"]

GRAMMARS: dict[str, Grammar] = {
    made.name: made for made in (Hermes(), OpenAI(), Llama3(), Mistral(), Pythonic(), ReAct(), Qwen3Coder(), Fence())
}


def grammar(name: str) -> Grammar:
    """The grammar of this name.

    Raises:
        ConfigError: there is none.
    """
    if name not in GRAMMARS:
        raise ConfigError(f"no tool-call grammar {name!r}; {did_you_mean(name, GRAMMARS)}")
    return GRAMMARS[name]
