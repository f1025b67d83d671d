"""A draft's gaps as an episode's slots: the words by which questions name them and their options, and the
question that asks for them."""

from __future__ import annotations

import random
from collections.abc import Sequence

from act_env import actions
from act_env.conversation import Option, Slot
from envs_data.ambigsql.drafts import Choice, Gap, naming, replies, tidy, wordings

_OPTION_CUES = {
    "descending": ("descending", "highest first", "highest", "largest first", "largest", "from the highest",
                   "newest first", "newest", "latest first", "latest", "most recent first", "most recently",
                   "decreasing", "top down", "desc", "biggest", "biggest first", "longest", "longest first",
                   "most expensive first", "high to low", "z to a"),
    "ascending": ("ascending", "lowest first", "lowest", "smallest first", "smallest", "from the lowest",
                  "oldest first", "oldest", "earliest first", "earliest", "least recently", "increasing",
                  "bottom up", "asc", "shortest", "shortest first", "cheapest", "cheapest first", "low to high",
                  "a to z"),
    "3": ("3", "three"), "5": ("5", "five"), "10": ("10", "ten"),
    "month": ("by month", "month", "months", "monthly", "month by month"),
    "quarter": ("by quarter", "quarter", "quarters", "quarterly", "quarter by quarter"),
    "year": ("by year", "year", "years", "yearly", "annually", "annual", "year by year"),
    "together": ("both together", "both", "together", "combined", "the sum", "sum of both", "all of it", "in total"),
    "both": ("both", "both together", "both of them", "together", "all of them", "either", "alike"),
    "recorded": ("on record", "recorded", "recorded figure", "stored", "stored figure", "kept", "from the record",
                 "the stored one", "as recorded", "saved", "saved figure", "on file", "precomputed", "pre-computed"),
    "counted": ("count", "sum", "counted", "count them", "counted up", "recount", "recounted", "calculated",
                "computed", "summed", "summed up", "added up", "add them up", "from the rows", "recalculated",
                "recomputed", "tally", "tallied", "from scratch"),
}  # fmt: skip
_SLOT_CUES = {
    "order": ("order", "direction", "sort order", "sort", "sorted", "way round"),
    "few": ("how many", "few", "number of rows", "number", "rows"),
    "period": ("period", "time step", "time unit", "unit of time", "interval", "granularity", "level of detail",
               "over time"),
}  # fmt: skip
_NAMES = {"order": "order", "few": "few", "period": "period"}


def _cues(gap: Gap, choice: Choice) -> tuple[str, ...]:
    cues = [choice.offer, choice.gloss, *_OPTION_CUES.get(choice.value, ())]
    if gap.sort in ("head", "term", "value", "noun"):
        cues += [choice.value.replace("_", " "), choice.names]
        if gap.sort == "value":
            # Two readings of one column are told apart by what is stored alone.
            cues = [cue for cue in cues if sum(cue in (c.names, c.offer) for c in gap.choices) < 2]
    if gap.sort in ("head", "noun") and choice.names:
        # The words that no other option has: "net" of "net revenue".
        others = {word for other in gap.choices if other is not choice for word in other.offer.split()}
        cues += [word for word in choice.offer.split() if word not in others and word not in gap.word.split()]
    if gap.sort == "aggregate":
        cues += (
            [choice.names] if choice.value == "recorded" else [f"from the {choice.names}", f"count the {choice.names}"]
        )
    return tuple(cue for cue in dict.fromkeys(cues) if cue)


def slot_of(gap: Gap) -> Slot:
    """A gap as questions and replies see it."""
    options = tuple(Option(c.value, c.gloss, _cues(gap, c), replies(gap, c)) for c in gap.choices)
    name = _NAMES.get(gap.sort, gap.word)
    if gap.sort in _SLOT_CUES:
        return Slot(name, _SLOT_CUES[gap.sort], options)
    cues = [gap.word, *gap.said]
    if gap.sort == "term":
        cues.append(f"{gap.word} {gap.singular}")
    if gap.sort == "noun":
        cues.append(gap.singular)
    return Slot(name, tuple(dict.fromkeys(cues)), options)


def _questions(gap: Gap) -> Sequence[str]:
    every = wordings()["questions"]
    return every.get(f"{gap.sort}_{gap.manner}", every[gap.sort])


def question(gaps: Sequence[Gap], request: str, every: Sequence[Slot], rng: random.Random) -> str | None:
    """A clarifying question that asks for just these gaps; None where no wording is read as one.

    ``every`` are the slots of the task. Not every wording names the options, as people's don't."""
    wanted = {_NAMES.get(gap.sort, gap.word) for gap in gaps}
    for _ in range(24):
        asked = [tidy(rng.choice(_questions(gap)).format(**naming(gap, rng))) for gap in gaps]
        asked = [asked[0], *(f"And {text[0].lower()}{text[1:]}" for text in asked[1:])]
        text = " ".join(text[0].upper() + text[1:] for text in asked)
        if set(actions.slots_asked(text, every, request)) == wanted:
            return text
    return None
