"""What simulated users say, in several ways each. All of it was written for this project.

None of it holds a number, or a word that would pass for an answer. ``{gloss}`` stands for an option in words,
``{request}`` for the request, ``{note}`` for the note that settles it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np


@dataclasses.dataclass(frozen=True)
class Wordings:
    """How a user says what it has to say, by occasion.

    ``yes`` and ``no`` confirm or correct the one option asked about, ``neither`` those offered; ``choice`` says which
    is meant; ``generic`` answers "what do you mean?"; ``needless`` and ``noted`` a question about what was never open,
    ``settled`` one that was answered before; ``unknown`` and ``elsewhere`` one about something else. ``yes_alone`` is
    for a question about a single slot, where that is said otherwise. ``quotes``: an option's own replies, and what a
    person said to the task's own question, come first.
    """

    yes: tuple[str, ...]
    no: tuple[str, ...]
    neither: tuple[str, ...]
    choice: tuple[str, ...]
    generic: tuple[str, ...]
    needless: tuple[str, ...]
    noted: tuple[str, ...]
    settled: tuple[str, ...]
    unknown: tuple[str, ...]
    elsewhere: tuple[str, ...]
    yes_alone: tuple[str, ...] = ()
    quotes: bool = True


def pick(wordings: Sequence[str], rng: np.random.Generator) -> str:
    return wordings[rng.integers(len(wordings))]


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


PLAIN = Wordings(
    yes=(
        "Yes, {gloss}.",
        "Yes, that’s it: {gloss}.",
        "Right, {gloss}.",
        "Exactly, {gloss}.",
        "Yes please: {gloss}.",
        "Correct, {gloss}.",
    ),
    no=(
        "No, {gloss}.",
        "No, I mean {gloss}.",
        "Not quite: {gloss}.",
        "No, rather {gloss}.",
        "No, what I have in mind is this: {gloss}.",
        "No; make it {gloss}.",
    ),
    neither=(
        "None of these: {gloss}.",
        "Neither. I mean {gloss}.",
        "Something else: {gloss}.",
        "Not any of those, rather {gloss}.",
        "None of them. What I have in mind is this: {gloss}.",
    ),
    choice=(
        "I mean {gloss}.",
        "{gloss}, please.",
        "{gloss}.",
        "What I have in mind is this: {gloss}.",
        "Make it {gloss}.",
    ),
    generic=(
        "I mean what I asked: {request}",
        "Just this: {request}",
        "Let me say it again: {request}",
        "My question is: {request}",
        "As I said: {request}",
        "It’s what I wrote: {request}",
    ),
    needless=(
        "I meant what I said.",
        "Just as I said it.",
        "There’s nothing more to it than what I asked.",
        "I think my question says it.",
        "That’s clear from what I asked.",
        "Nothing special, just what I asked for.",
    ),
    noted=(
        "I meant what I said; the notes have it: {note}.",
        "It’s in the notes: {note}.",
        "As the notes say, {note}.",
        "Just as I said it, and the notes put it plainly: {note}.",
        "See the notes: {note}.",
        "The data dictionary says it: {note}.",
    ),
    settled=(
        "As I said: {gloss}.",
        "I told you already: {gloss}.",
        "Still {gloss}.",
        "As before, {gloss}.",
        "The same as I said: {gloss}.",
    ),
    unknown=(
        "I don’t know.",
        "I couldn’t tell you.",
        "I haven’t thought about that.",
        "I don’t know, I had nothing particular in mind there.",
        "No idea, that doesn’t matter to me.",
        "I can’t say.",
    ),
    elsewhere=(
        "That’s not what my question is about.",
        "I wasn’t thinking of that.",
        "That isn’t the point of my question.",
        "No, my question is about something else.",
        "That has nothing to do with what I want to know.",
    ),
)

UNQUOTED = dataclasses.replace(PLAIN, quotes=False)

TERSE = Wordings(
    yes=("{gloss}.", "Yes, {gloss}."),
    yes_alone=("Yes.", "Yep.", "Yes, that.", "Right.", "Correct."),
    no=("No, {gloss}.", "No: {gloss}.", "Nope, {gloss}."),
    neither=("Neither: {gloss}.", "None. {gloss}.", "{gloss}."),
    choice=("{gloss}.", "{gloss}!", "{gloss}, pls."),
    generic=("As asked.", "Just that.", "What I asked.", "As I said."),
    needless=("As asked.", "As I said.", "What I said.", "Just that."),
    noted=("See the notes: {note}.", "Notes: {note}.", "{note}."),
    settled=("{gloss}.", "Still {gloss}.", "{gloss}, as said."),
    unknown=("No idea.", "Don’t know.", "Can’t say.", "Not sure."),
    elsewhere=("Not that.", "Not my point.", "Beside the point.", "No, not about that."),
    quotes=False,
)

# Small talk: said before and after what a user has to say.

GREETINGS = (
    "Oh, thanks for getting back to me so soon!",
    "Hello again, and sorry for the wait, it has been rather hectic around here.",
    "I was just about to write to you again, so this comes at the right moment.",
    "I’m glad that you ask, I must say.",
    "Thanks ever so much for taking the trouble.",
    "Ah, there you are, how nice to hear from you.",
    "Well, where do I begin, let me collect my thoughts.",
    "You know, I was wondering whether somebody would ask me this.",
)
FAREWELLS = (
    "Anyway, no hurry at all.",
    "I do hope that helps, and please bear with me if I ramble.",
    "Thank you so much, you’re being a great help.",
    "Do let me know how it goes, won’t you.",
    "That’s it from my side, and do take care.",
    "My colleagues always say that I talk too much, so I’ll stop here.",
    "I really appreciate it, and I’m looking forward to hearing from you.",
    "Everybody here is quite curious, as you can imagine.",
)

# Half answers: that there is something in mind, but not what.

HALF = (
    "Well, I do have something particular in mind. What exactly do you need to know?",
    "Good point, that can be taken differently. Could you ask me again?",
    "Hm, it’s not quite so simple, let me think. What was it you want to know?",
    "I know what I want there, I just didn’t say it. Ask me again, please.",
    "I see, I should have been clearer there. What exactly are you asking?",
    "There is something I’m after there, it’s just hard to put. Can you put the question again?",
)

# A change of mind: in the same breath as what was said, or later.

AT_ONCE = (
    "No, wait, I’ve changed my mind: {gloss}.",
    "Actually, I’ve just changed my mind. I mean {gloss}.",
    "Hm, on second thoughts, I’ve changed my mind: make it {gloss}.",
    "Sorry, scratch that, I’ve changed my mind. What I want is this: {gloss}.",
    "Or rather, no, I’ve changed my mind: {gloss}, please.",
)
LATER = (
    "I’ve changed my mind about what I said before: now I mean {gloss}.",
    "By the way, I’ve changed my mind since: make it {gloss}.",
    "And forget what I told you before, I’ve changed my mind: {gloss}, please.",
    "Sorry, I’ve changed my mind about that in the meantime. What I want now is this: {gloss}.",
)

# Out of patience: what is open is left to the agent; or nothing is.

PICK = (
    "Just pick one.",
    "Enough questions, just pick one.",
    "I don’t have time for this, just pick one and go ahead.",
    "Please, just pick one, whichever you like.",
    "Just pick one, I’ll be fine with any.",
)
PICK_REST = (
    "For what I haven’t told you yet, just pick one.",
    "Enough questions. You have what I said, and as for the rest, just pick one.",
    "I’ve told you what I care about. Here, just pick one.",
    "What I said stands; where I said nothing, just pick one.",
)
ENOUGH = (
    "Please just go ahead now.",
    "Enough questions, please just answer.",
    "I don’t have time for this, just give me the answer.",
    "You have what you need, please get on with it.",
)

# Not knowing which: what is open is left to the agent.

NOT_KNOWN = (
    "I don’t know which, honestly. Just take whichever you think best.",
    "I couldn’t tell you which of these it is, so I’ll be fine with any of them.",
    "Which of these, I have no idea. I don’t mind, whichever you like.",
    "That I don’t know. Whichever you choose is fine with me.",
    "I really don’t know which, you may choose.",
)

# Typing in a hurry: how words of no weight come out, and what is said where there is none to misspell.

MISSPELT = {
    word: tuple(forms.split())
    for word, forms in {
        "about": "abuot abotu",
        "actually": "actaully acutally",
        "again": "agian agin",
        "already": "alredy arleady",
        "asked": "aksed asekd",
        "clear": "claer cleer",
        "correct": "corect corretc",
        "dictionary": "dictionray dicitonary",
        "else": "esle eles",
        "exactly": "exaclty exatcly",
        "have": "ahve hvae",
        "idea": "idae ideea",
        "just": "jsut jusst",
        "know": "konw knwo",
        "make": "mkae maek",
        "matter": "mattre matetr",
        "mean": "maen meen",
        "meant": "maent meatn",
        "mind": "midn mnid",
        "notes": "ntoes noets",
        "nothing": "nothign notihng",
        "particular": "particlar paritcular",
        "plainly": "plainyl planily",
        "please": "plaese pleease",
        "point": "piont poitn",
        "question": "quesiton questoin",
        "quite": "qiute quiite",
        "rather": "rahter ratehr",
        "right": "rihgt rigth",
        "said": "siad sadi",
        "same": "smae saem",
        "something": "somethign soemthing",
        "special": "speical speciall",
        "still": "stlil sitll",
        "tell": "tlel telll",
        "that": "taht tath",
        "the": "teh hte",
        "think": "thnik thikn",
        "thinking": "thnikng thinkign",
        "this": "tihs thsi",
        "thought": "thougth thuoght",
        "told": "tlod toldd",
        "want": "wnat watn",
        "what": "waht whta",
        "wrote": "wroet worte",
    }.items()
}
HASTY = ("srory, typing on my phoen", "sorry for hte typos", "in a hrury", "tpying fast here", "ty in advnace")
