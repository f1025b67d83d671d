"""A tiny Llama and its tokenizer, made in a second, with nano's special tokens and chat template."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

SPECIAL = ("<pad>", "<eos>", "<ctx>", "<user>", "<assistant>")

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'system' %}<ctx>{{ message['content'] }}"
    "{% elif message['role'] == 'user' %}<user>{{ message['content'] }}"
    "{% else %}<assistant>{{ message['content'] }}<eos>{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)

SENTENCES = (
    "Tables:\nregion(region_id integer, name text)\nstore(store_id integer, name text, region_id integer -> region)",
    "Notes:\n- revenue means net revenue\n- dates are in local time",
    "SELECT SUM(net_revenue) FROM sale",
    "SELECT SUM(gross_revenue) FROM sale",
    "SELECT name FROM product ORDER BY list_price DESC",
    "Do you mean net revenue or gross revenue?",
    "I mean net revenue.",
    "What's the total revenue per region?",
)


def tiny_tokenizer(
    texts: Iterable[str] = (), vocabulary: int = 640, *, thinks: bool = False
) -> PreTrainedTokenizerFast:
    """A byte-level BPE trained on ``texts`` and a few sentences of the corpus; ``thinks``: a line break ends
    a thought, as nano's does."""
    return _tokenizer(tuple(texts), vocabulary, thinks)


@functools.lru_cache(maxsize=8)
def _tokenizer(texts: Sequence[str], vocabulary: int, thinks: bool) -> PreTrainedTokenizerFast:
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator([*SENTENCES, *texts], trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        pad_token="<pad>",
        eos_token="<eos>",
        additional_special_tokens=["<ctx>", "<user>", "<assistant>"],
        prompt_style="plain",
        model_max_length=1024,
        clean_up_tokenization_spaces=False,
        **({"thought_end": "\n"} if thinks else {}),
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def tiny_model(tokenizer: PreTrainedTokenizerFast, seed: int = 0, positions: int = 1024) -> LlamaForCausalLM:
    """Two layers, 64 wide, float32, drawn from ``seed`` without touching the global random state."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=len(tokenizer),
                hidden_size=64,
                intermediate_size=128,
                num_hidden_layers=2,
                num_attention_heads=4,
                num_key_value_heads=4,
                max_position_embeddings=positions,
                tie_word_embeddings=True,
                bos_token_id=None,
                eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.pad_token_id,
            )
        )
    return model.eval()
