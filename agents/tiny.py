"""A language model small enough to train on one CPU core in seconds: for the demo, for tests, for trying a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from assaygym.errors import ConfigError, MissingDependencyError

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

__all__ = ["save_tiny", "tiny_model", "tiny_tokenizer"]

PAD, UNKNOWN, END = "<pad>", "<unk>", "<end>"
ROLES = ("<system>", "<user>", "<assistant>", "<tool>")
CHARACTERS = [*map(chr, range(32, 127)), "\n", "\t"]
TEMPLATE = (
    "{% for message in messages %}{{ '<' + message['role'] + '>' + (message['content'] or '') + '<end>' }}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
"""Each message stands alone, so a longer conversation always begins with the shorter one. Tools are not described."""


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """One id a character of printable ASCII, newline and tab; anything else is unknown. Ends a turn with `<end>`.

    Raises:
        MissingDependencyError: transformers is not installed.
    """
    try:
        from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
        from transformers import PreTrainedTokenizerFast
    except ImportError as error:
        raise MissingDependencyError.of("transformers", "train", "a tiny tokenizer") from error
    vocabulary = {token: i for i, token in enumerate([PAD, UNKNOWN, END, *ROLES, *CHARACTERS])}
    core = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    core.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    core.decoder = decoders.Fuse()
    tokenizer: PreTrainedTokenizerFast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=core,
        pad_token=PAD,
        unk_token=UNKNOWN,
        eos_token=END,
        additional_special_tokens=list(ROLES),
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def tiny_model(
    tokenizer: PreTrainedTokenizerFast, *, hidden: int = 64, layers: int = 2, heads: int = 4, seed: int = 0
) -> LlamaForCausalLM:
    """A Llama with random weights; the same seed gives the same weights, and no generator of the caller moves.

    Raises:
        ConfigError: `hidden` is not an even multiple of `heads`.
        MissingDependencyError: torch or transformers is not installed.
    """
    try:
        import torch
        from transformers import LlamaConfig, LlamaForCausalLM
    except ImportError as error:
        raise MissingDependencyError.of(error.name or "torch", "train", "a tiny model") from error
    if hidden % (2 * heads):
        raise ConfigError(f"hidden={hidden} with heads={heads}; expected an even number of channels in each head")
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=4 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        max_position_embeddings=4096,
        bos_token_id=None,
        eos_token_id=cast(int, tokenizer.eos_token_id),
        pad_token_id=cast(int, tokenizer.pad_token_id),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config)
    model.eval()  # type: ignore[no-untyped-call]
    return model


def save_tiny(folder: str | Path, *, hidden: int = 64, layers: int = 2, heads: int = 4, seed: int = 0) -> Path:
    """Write a tiny model and its tokenizer where `TransformersPolicy(folder)` and `from_pretrained` find them.

    Raises:
        ConfigError, MissingDependencyError: as `tiny_model`.
    """
    from assaygym.agents.checkpoint import save_model

    tokenizer = tiny_tokenizer()
    save_model(tiny_model(tokenizer, hidden=hidden, layers=layers, heads=heads, seed=seed), tokenizer, Path(folder))
    return Path(folder)
