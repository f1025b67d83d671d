"""Words of a question: stems, spacing, numbers."""

from __future__ import annotations

import re

_FILL = frozenset(("a", "an", "the", "all", "their", "its", "each", "every", "distinct", "different", "unique"))


def tidy(text: str) -> str:
    text = re.sub(r"\s+([,.?!;])", r"\1", " ".join(text.split()))
    return re.sub(r"[,;]+(?=[.?!]*$)", "", text)


def articles(text: str) -> str:
    """A text with "an" for "a" where the next word begins with a vowel's sound: "an author", "a unit"."""
    return re.sub(r"\b([Aa]) (?=(?!uni|use|usu|eu|one\b|uti)[aeiouAEIOU])", r"\1n ", text)


def stem(word: str) -> str:
    word = word.lower().removesuffix("'s").removesuffix("’s")
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in re.findall(r"[^\W_]+", text.lower())) - _FILL


_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def number(value: str) -> str:
    """A pattern for a number of SQL as people write it: digits with or without commas, or a word up to twelve."""
    whole, _, rest = value.partition(".")
    forms = [re.escape(value)]
    if not rest.strip("0") and whole.isdigit():
        forms = [rf"{whole}(?:\.0+)?", rf"{re.escape(f'{int(whole):,}')}(?:\.0+)?"]
        if int(whole) < len(_NUMBERS):
            forms.append(_NUMBERS[int(whole)])
    return rf"(?<![\w.,])(?:{'|'.join(forms)})(?!\w|[.,]\d)"


def with_article(adjective: str, noun: str) -> str:
    """ "a high price", "high sales", "an old singer"."""
    if re.search(r"[^s]s$", noun):
        return f"{adjective} {noun}"
    return f"{'an' if adjective[0] in 'aeiou' else 'a'} {adjective} {noun}"
