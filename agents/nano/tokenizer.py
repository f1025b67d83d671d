"""The base model's tokenizer: a byte-level BPE in which a word has the same pieces wherever it stands.

"prices" in a request, ``list_price`` in a schema and ``SUM(list_price)`` in SQL share the piece "price":
words, single digits, runs of signs and a word's last "s" are told apart before merging, and a space is a
piece of its own. Copying and matching words is then a matter of equal tokens.
"""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

PAD, EOS, CONTEXT, USER, ASSISTANT = "<pad>", "<eos>", "<ctx>", "<user>", "<assistant>"
THOUGHT_END = "\n"
"""The first line of whatever nano writes is a thought (``prompts.thought_end``)."""
KEYWORDS = ("SELECT ", " FROM ", " WHERE ", " GROUP BY ", " ORDER BY ", " DESC", " ASC", " LIMIT ", " JOIN ", " ON ",
            "COUNT(*)", "SUM(", "AVG(", "MAX(", "MIN(", "date_trunc('")  # fmt: skip
PIECES = r"[A-Za-z]+?(?=s(?![A-Za-z]))|s(?![A-Za-z])|[A-Za-z]+|\d|[^A-Za-z0-9]+"
CHAT_TEMPLATE = (
    "{% for m in messages %}"
    "{% if m['role'] == 'system' %}<ctx>{{ m['content'] }}"
    "{% elif m['role'] == 'user' %}<user>{{ m['content'] }}"
    "{% else %}<assistant>{{ m['content'] }}<eos>{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"
)


def train_tokenizer(texts: Iterable[str], vocabulary: int = 2048) -> PreTrainedTokenizerFast:
    """A tokenizer of about ``vocabulary`` pieces, with the chat template of ``prompts`` style "ruled"."""
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(KEYWORDS),
        special_tokens=[PAD, EOS, CONTEXT, USER, ASSISTANT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(texts, trainer)
    core.add_tokens([AddedToken(keyword, normalized=False, special=False) for keyword in KEYWORDS])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token=PAD,
        eos_token=EOS,
        additional_special_tokens=[CONTEXT, USER, ASSISTANT],
        clean_up_tokenization_spaces=False,
        model_max_length=1024,
        padding_side="left",
        prompt_style="ruled",
        thought_end=THOUGHT_END,
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer
