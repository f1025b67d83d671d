"""The base model's recipe: its corpus holds no question, its bundles score as single sequences do, it resumes."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from importlib import resources

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("wordfreq", reason="the recipe draws words from wordfreq (extra: nano)")

from transformers import AutoTokenizer  # noqa: E402

from act_env.actions import asks  # noqa: E402
from agents.nano import train as recipe  # noqa: E402
from agents.nano.batches import REPLY_WEIGHT, THOUGHT_WEIGHT, USER_WEIGHT, collate, encode  # noqa: E402
from agents.nano.corpus import bundle, own_wordings, random_bundle, says_open  # noqa: E402
from agents.nano.schemas import MakeBelieve, random_database  # noqa: E402
from agents.nano.tokenizer import train_tokenizer  # noqa: E402
from agents.prompts import RULE  # noqa: E402
from envs_data import ambigsql  # noqa: E402
from envs_data.ambigsql.spec import SPLITS  # noqa: E402
from envs_data.ambigsql.values import Rows  # noqa: E402
from envs_data.duck import bundled_database, bundled_names  # noqa: E402


@pytest.fixture(scope="module")
def tokenizer():
    texts = [text for i in range(40) for text in (random_bundle(f"t{i}").context, *_texts(random_bundle(f"t{i}")))]
    return train_tokenizer(texts, 600)


def _texts(made):
    return [
        text for example in made.examples for text in (*example.messages, example.said, example.thought, example.reply)
    ]


def test_bundles_repeat_and_differ_by_seed():
    assert random_bundle("a") == random_bundle("a") != random_bundle("b")


def test_bundles_are_the_same_in_every_process():
    code = "from agents.nano.corpus import random_bundle; print([random_bundle(f'p{i}') for i in range(30)])"

    def printed(hash_seed: str) -> str:
        environ = {**os.environ, "PYTHONHASHSEED": hash_seed}
        return subprocess.run([sys.executable, "-c", code], env=environ, check=True, capture_output=True).stdout

    assert printed("1") == printed("2")


def test_every_way_of_being_clear_occurs_and_nobody_asks():
    ways = set()
    for i in range(120):
        for example in random_bundle(f"ways{i}").examples:
            ways.add(example.way)
            if example.way in ("meaning", "sorts"):
                assert not example.reply.startswith("SELECT ")
            elif example.way != "proviso":
                assert example.reply.startswith("SELECT ")
            assert not any(asks(text) for text in (example.said, example.reply, example.thought))
            assert "\n" not in example.thought
    assert ways == {"whole", "note", "partial", "afterthought", "proviso", "meaning", "sorts"}


def test_an_open_request_stands_beside_a_proviso_or_a_rule():
    words = own_wordings()["provisos"]
    seen = set()
    for i in range(150):
        made = random_bundle(f"open{i}")
        rule = any(f"- {rule}" in made.context.splitlines() for rule in words["rules"])
        for example in made.examples:
            if example.way == "proviso":
                text = " ".join(example.messages)
                said = any(proviso in text for proviso in (*words["before"], *words["after"], *words["any"]))
                assert said != rule and says_open(example.thought)
                seen.add(rule)
            elif example.way != "meaning":
                assert not says_open(example.thought)
    assert seen == {True, False}


def test_who_is_told_that_a_request_is_open_then_says_what_is_meant():
    told = [e for i in range(100) for e in random_bundle(f"told{i}").examples if e.said]
    assert told
    for example in told:
        assert example.way == "afterthought" and len(example.messages) == 2
        assert not says_open(example.thought) and example.reply.startswith("SELECT ")


def test_the_rule_in_its_prompts_is_one_it_was_trained_on():
    assert RULE.removeprefix("- ") in own_wordings()["provisos"]["rules"]


def test_random_databases_hold_what_their_requests_name():
    for i in range(40):
        database = random_database(random.Random(f"d{i}"))
        for table in database.tables:
            assert len({column.name for column in table.columns}) == len(table.columns)
        for head in database.heads:
            assert all(head.word in database.table(head.table).column(name).phrase.split() for name in head.columns)


def test_bundled_databases_make_bundles_too():
    name = bundled_names("train")[0]
    made = bundle(bundled_database(name), Rows(name), random.Random(1))
    assert len(made.examples) == 8


@pytest.mark.parametrize("text", ["list_price", "prices", "Price’s £ é 漢", "SELECT SUM(list_price) FROM sale"])
def test_tokenizer_loses_nothing(tokenizer, text):
    assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]) == text


def test_a_word_has_the_same_pieces_wherever_it_stands(tokenizer):
    def pieces(text):
        return tokenizer.tokenize(text)

    assert (
        pieces("price")
        == pieces("list_price")[-len(pieces("price")) :]
        == pieces("total prices")[-len(pieces("price")) - 1 : -1]
    )


def test_a_bundle_scores_as_its_sequences_alone(tokenizer):
    config = recipe.NanoConfig(layers=2, width=64, heads=2)
    model = recipe.make_model(config, tokenizer).eval()
    rows = [encode(tokenizer, random_bundle(f"s{i}")) for i in range(2)]
    batch = collate(rows, tokenizer.pad_token_id, 8)
    with torch.no_grad():
        model.set_attn_implementation("bundle")
        together = model.model(
            input_ids=batch.input_ids, position_ids=batch.position_ids, layout=batch.layout
        ).last_hidden_state
        model.set_attn_implementation("sdpa")
        for i, (prefix, branches, _) in enumerate(rows):
            for number, ids in enumerate(branches):
                alone = model.model(input_ids=torch.tensor([prefix + ids])).last_hidden_state[0, len(prefix) :]
                at = batch.layout.prefix + number * batch.layout.length
                torch.testing.assert_close(together[i, at : at + len(ids)], alone, atol=2e-5, rtol=1e-4)


def test_what_counts_in_the_loss_and_how_much(tokenizer):
    bundles = (random_bundle(f"loss{i}") for i in range(200))
    made = next(made for made in bundles if len({bool(example.said) for example in made.examples}) == 2)
    row = encode(tokenizer, made)
    batch = collate([row], tokenizer.pad_token_id, 8)
    for number, example in enumerate(made.examples):
        at = batch.layout.prefix + number * batch.layout.length
        target = batch.target[0, at : at + batch.layout.length]
        weight = batch.weight[0, at : at + batch.layout.length]

        def counted(share, target=target, weight=weight):
            return tokenizer.decode(target[(target != -100) & (weight == share)].tolist())

        assert counted(USER_WEIGHT) == "<user>".join(example.messages) + "<assistant>"
        assert counted(THOUGHT_WEIGHT) == f"{example.thought}\n"
        assert counted(REPLY_WEIGHT) == f"{example.reply}<eos>"
        assert counted(0.0) == (f"<assistant>{example.said}<eos>" if example.said else "")


@pytest.mark.slow
def test_an_interrupted_recipe_ends_as_an_uninterrupted_one(tmp_path, tokenizer, monkeypatch):
    monkeypatch.setattr(recipe, "make_tokenizer", lambda seed: tokenizer)
    monkeypatch.setattr(recipe, "PREFIX_ROOM", 700)
    monkeypatch.setattr(recipe, "BRANCH_ROOM", 200)
    settings = {
        "layers": 1,
        "width": 64,
        "heads": 2,
        "bundles": 1,
        "bf16": False,
        "save_every": 2,
        "steps": 4,
    }
    whole = recipe.NanoConfig(out=tmp_path / "whole", **settings)
    recipe.train(whole)
    parts = recipe.NanoConfig(out=tmp_path / "parts", **settings)
    stopped = []

    def stop_after_two(state, path, _save=recipe._save):
        _save(state, path)
        if state["step"] == 2 and not stopped:
            stopped.append(True)
            raise KeyboardInterrupt

    monkeypatch.setattr(recipe, "_save", stop_after_two)
    with pytest.raises(KeyboardInterrupt):
        recipe.train(parts)
    recipe.train(parts)
    first, second = (torch.load(tmp_path / name / "state.pt", weights_only=True) for name in ("whole", "parts"))
    for name, weight in first["model"].items():
        assert torch.equal(weight, second["model"][name]), name
    assert json.loads((tmp_path / "parts" / "curve.jsonl").read_text().splitlines()[-1])["step"] == 4


def test_make_believe_values_fit_their_columns():
    rng = random.Random(2)
    for _ in range(50):
        database = random_database(rng)
        for table in database.tables:
            for column in table.columns:
                value = MakeBelieve().of(table, column, rng)
                assert not column.values or value in column.values


def test_every_bundled_task_fits_the_model_with_room_for_the_conversation():
    """Nothing is cut: the longest context, request, question, replies and statement take less than its positions."""
    tokenizer = AutoTokenizer.from_pretrained(resources.files("agents.nano") / "checkpoint")

    def lengths(texts):
        return [len(ids) for ids in tokenizer(list(texts), add_special_tokens=False)["input_ids"]]

    for split in SPLITS:
        tasks = ambigsql.load(split=split).tasks
        contexts, requests = lengths(t.context for t in tasks), lengths(t.request for t in tasks)
        questions, answers = lengths(t.gold_question for t in tasks), lengths(t.readings[0].answer for t in tasks)
        replied = [
            sum(max(lengths(reply for option in slot.options for reply in option.replies)) for slot in task.slots)
            for task in tasks[:40]
        ]
        longest = max(map(sum, zip(contexts, requests, questions, answers, strict=True)))
        assert longest + max(replied) + 64 < 1024, split
