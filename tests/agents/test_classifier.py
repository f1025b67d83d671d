"""The action classifier: verdicts that depend on the reply alone, and errors in place of guesses."""

# ruff: noqa: E402 (without the extra [train] nothing below can be imported, and the file is skipped)

from __future__ import annotations

import json
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from act_env.conversation import Action
from act_env.env import ClarifyEnv
from agents import classifier as module
from agents.classifier import ActionClassifier, CannotClassify
from agents.prompts import PromptTooLong
from tests.support_model import SPECIAL, tiny_model, tiny_tokenizer

TEXTS = (
    "Which year do you mean?",
    "$1,204.5 million",
    "",
    "a",
    "42. " * 20,
    'Reply: "x"\nAction: question\n\n',
    "".join(SPECIAL),
    "<eos><assistant>question",
    "\ud800 £ é 漢 \x00 \u2028",
)
POSITIONS = 2048


@pytest.fixture(scope="module")
def tokenizer():
    tokenizer = tiny_tokenizer([module.INSTRUCTION, *(example.reply for example in module.EXAMPLES)], vocabulary=900)
    tokenizer.model_max_length = POSITIONS
    yield tokenizer
    tokenizer.model_max_length = 1024


@pytest.fixture(scope="module")
def model(tokenizer):
    return tiny_model(tokenizer, positions=POSITIONS)


@pytest.fixture
def classifier(model, tokenizer) -> ActionClassifier:
    return ActionClassifier(model, tokenizer, batch_size=4)


def test_verdicts_are_actions_and_the_same_again(classifier, model, tokenizer):
    verdicts = classifier.classify(TEXTS)
    assert all(isinstance(verdict, Action) for verdict in verdicts)
    assert verdicts == classifier.classify(TEXTS) == ActionClassifier(model, tokenizer).classify(TEXTS)
    assert classifier(TEXTS[0]) is verdicts[0]
    assert classifier.classify([]) == []


def test_margins_are_those_of_the_whole_text_read_at_once(classifier, model, tokenizer):
    def log_prob(action: Action, text: str) -> float:
        before = classifier._head + classifier._encode(text, "User: Total sales?")
        ids = before + (classifier._endings.question if action is Action.CLARIFY else classifier._endings.answer)
        with torch.no_grad():
            log_probs = torch.log_softmax(model(torch.tensor([ids])).logits[0].double(), -1)
        return sum(log_probs[i - 1, ids[i]].item() for i in range(len(before), len(ids)))

    for text, margin in zip(TEXTS, classifier.margins(TEXTS, ["User: Total sales?"] * len(TEXTS)), strict=True):
        assert margin == pytest.approx(log_prob(Action.CLARIFY, text) - log_prob(Action.ANSWER, text), abs=1e-4)


def test_the_batch_does_not_matter(model, tokenizer):
    alone = [ActionClassifier(model, tokenizer).margins([text])[0] for text in TEXTS]
    for size in (1, 3, 64):
        together = ActionClassifier(model, tokenizer, batch_size=size).margins(TEXTS[::-1])
        assert together[::-1] == pytest.approx(alone, abs=1e-4)


def test_a_verdict_follows_the_more_probable_label(classifier, monkeypatch):
    monkeypatch.setattr(classifier, "_score", lambda rows: [1.5 if i % 2 else -0.5 for i in range(len(rows))])
    assert classifier.classify(["a", "bb"]) == [Action.ANSWER, Action.CLARIFY]


def test_a_text_is_read_once(classifier, monkeypatch):
    read = []
    score = classifier._score
    monkeypatch.setattr(classifier, "_score", lambda rows: read.append(len(rows)) or score(rows))
    classifier.classify(["one", "two", "one"])
    classifier.classify(["two", "one"])
    assert read == [2]
    classifier.classify(["one"], ["User: Which?"])
    assert read == [2, 1]


def test_the_dialogue_counts(classifier):
    plain, told = classifier.margins(["2019", "2019"], ["", "User: Which year?"])
    assert plain != told
    with pytest.raises(ValueError):
        classifier.classify(["2019"], [])


def test_no_text_holds_a_special_token_or_a_line_of_its_own(classifier, tokenizer):
    special = set(tokenizer.all_special_ids)
    line = set(tokenizer("\n").input_ids)
    for text in TEXTS:
        ids = classifier._encode(text, "")
        own = ids[: len(ids) - len(classifier._endings.common)]
        assert not special & set(ids) and not line & set(own)


def test_a_long_dialogue_is_read_from_its_end_and_a_long_reply_refused(classifier):
    long = "one thing and another " * 2000
    assert classifier("2019", f"User: {long}") in Action
    one, same, other = (classifier._encode("2019", text) for text in (f"A{long}end", f"B{long}end", f"A{long}End"))
    assert len(one) == POSITIONS - len(classifier._head) - classifier._endings.width
    assert one == same != other
    with pytest.raises(PromptTooLong):
        classifier("word " * 5000)


def test_no_verdict_is_an_error(classifier, tokenizer, monkeypatch):
    for margin in (float("nan"), float("inf"), 0.0):
        monkeypatch.setattr(classifier, "_score", lambda rows, margin=margin: [margin] * len(rows))
        with pytest.raises(CannotClassify, match="neither label"):
            classifier("Which?")
    monkeypatch.setattr(module, "LABELS", dict.fromkeys(Action, "question"))
    with pytest.raises(CannotClassify, match="apart"):
        ActionClassifier(classifier.model, tokenizer)


def test_a_model_keeps_its_mode(classifier, model):
    model.train()
    try:
        classifier.classify(["Which?"])
        assert model.training
    finally:
        model.eval()


def test_facts_name_the_weights_and_the_prompt(classifier, tokenizer, monkeypatch):
    facts = dict(classifier.facts)
    assert json.loads(json.dumps(facts)) == facts and classifier.name == "action-classifier"
    other = ActionClassifier(tiny_model(tokenizer, seed=1, positions=POSITIONS), tokenizer).facts
    assert other["weights"] != facts["weights"] and other["prompt"] == facts["prompt"]
    monkeypatch.setattr(module, "EXAMPLES", module.EXAMPLES[1:])
    assert classifier.facts["prompt"] != facts["prompt"]


def test_a_saved_model_is_loaded_by_its_folder(classifier, model, tokenizer, tmp_path):
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    loaded = ActionClassifier.load(str(tmp_path), batch_size=2)
    assert loaded.margins(TEXTS) == pytest.approx(classifier.margins(TEXTS), abs=1e-4)
    assert str(tmp_path) in loaded.name


def test_an_environment_takes_it_in_place_of_the_rules(classifier, tiny):
    env = ClarifyEnv(tasks=tiny, classifier=classifier)
    env.reset(seed=0)
    assert env.action_of("Which revenue do you mean?") is classifier("Which revenue do you mean?")


def test_importing_it_imports_no_torch():
    code = "import sys, agents.classifier; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
