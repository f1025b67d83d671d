"""Models that think first: the thought is learnt from and never told."""

# ruff: noqa: E402 (without the extra [train] nothing below can be imported, and the file is skipped)

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from agents import conversations, lm, prompts
from agents.act import pairs, rollouts
from agents.act.rollouts import Scenario, Settings
from agents.sft import SFTConfig, train_sft
from tests.support_model import tiny_model, tiny_tokenizer


@pytest.fixture(scope="module")
def tokenizer():
    return tiny_tokenizer(thinks=True)


def noting(tokenizer, text: str):
    """A model that has the same thought before everything."""
    ids = (*tokenizer(text, add_special_tokens=False).input_ids, prompts.thought_end(tokenizer))
    return lambda prompt_ids: [ids] * len(prompt_ids)


def test_what_ends_a_thought():
    assert prompts.thought_end(tiny_tokenizer()) is None
    thinking = tiny_tokenizer(thinks=True)
    assert thinking.decode([prompts.thought_end(thinking)]) == "\n"
    other = tiny_tokenizer(vocabulary=641)
    other.add_tokens(["</think>"])
    assert other.decode([prompts.thought_end(other)]) == "</think>"
    odd = tiny_tokenizer(vocabulary=642)
    odd.init_kwargs["thought_end"] = "so then"
    with pytest.raises(ValueError, match="so then"):
        prompts.thought_end(odd)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("revenue: open\nNet or gross?", "Net or gross?"),
        ("revenue: net\nSELECT 1\nFROM t", "SELECT 1\nFROM t"),
        ("SELECT 1", "SELECT 1"),
        ("revenue: open\n", ""),
        ("", ""),
    ],
)
def test_a_reply_is_told_without_its_thought(tokenizer, written, told):
    ids = [*tokenizer(written, add_special_tokens=False).input_ids, tokenizer.eos_token_id]
    completion = lm._completion(tokenizer, ids, prompts.stop_ids(tokenizer), prompts.thought_end(tokenizer))
    assert completion.text == told and completion.ids == tuple(ids) and completion.ended


def test_a_thinker_gives_whole_thoughts_or_none(tokenizer):
    prompt = prompts.encode(tokenizer, {"context": "Tables:", "dialogue": "User: How many?", "turn": 0})
    model, end = tiny_model(tokenizer), prompts.thought_end(tokenizer)
    thinker = lm.Thinker(model, tokenizer, most=5)
    (thought,) = thinker([prompt])
    assert thought == (end,)  # what such a model writes has no end
    with torch.no_grad():
        model.lm_head.weight[end] = (
            100 * model(torch.tensor([prompt]), output_hidden_states=True).hidden_states[-1][0, -1]
        )
    assert lm.Thinker(model, tokenizer)([prompt, prompt]) == [(end,), (end,)]
    assert lm.Thinker(tiny_model(tiny_tokenizer()), tiny_tokenizer())([prompt]) == [()]


def test_gold_replies_and_losing_ones_begin_with_thoughts(env, source, tokenizer):
    think = noting(tokenizer, "revenue: open")
    plays, _ = conversations.play_all(env, source.tasks, tokenizer, seed=0, think=think)
    built = {pair.id: pair for pair in pairs.build(env, plays, tokenizer, seed=0, think=think)}
    asking, task = built["tiny-revenue-a/0"], source.tasks[1]
    gold = task.reading(asking.intention).answer
    written = tokenizer.decode(asking.chosen.ids)
    assert written.startswith(f"revenue: open\n{task.gold_question}<eos><user>")
    assert written.endswith(f"<assistant>revenue: open\n{gold}<eos>")
    assert tokenizer.decode(asking.rejected.ids) == f"revenue: open\n{gold}<eos>"
    assert asking.rejected.own == (True,) * len(asking.rejected.ids)
    # What the environment and the user are told, and what is shown of the dialogue, has no thought in it.
    assert asking.chosen.turns[0].text == task.gold_question
    assert "revenue: open" not in tokenizer.decode(built["tiny-revenue-a/1"].prompt)


def test_a_rollout_is_judged_by_what_was_told(env, source, tokenizer):
    think = noting(tokenizer, "a: b")
    plays, _ = conversations.play_all(env, source.tasks, tokenizer, seed=0, think=think)
    pair = next(p for p in pairs.build(env, plays, tokenizer, seed=0, think=think) if p.id == "tiny-revenue-a/0")
    script = iter([source.tasks[1].gold_question, source.tasks[1].reading(pair.intention).answer])

    def sampler(prompt_ids, seeds):
        ids = (*think([()])[0], *prompts.reply_ids(tokenizer, next(script)))
        return [lm._completion(tokenizer, list(ids), prompts.stop_ids(tokenizer), prompts.thought_end(tokenizer))]

    (rollout,) = rollouts.roll_out(env, [pair], tokenizer, sampler, Settings(), seed=0)
    assert rollout.scenario is Scenario.B2 and tokenizer.decode(rollout.chosen.ids).count("a: b\n") == 2


def test_supervised_rows_are_turns_as_the_agent_meets_them(source, tokenizer, tmp_path):
    model = tiny_model(tokenizer)
    config = SFTConfig(num_train_epochs=1, per_device_train_batch_size=64, max_steps=1)
    trained = train_sft(model, tokenizer, source, source.tasks[:2], config, tmp_path)
    room = 1024
    plays, _ = conversations.play_all(conversations.open_env(source), source.tasks[:2], tokenizer, seed=42, room=room)
    turns = [turn for play in plays for turn in play.turns]
    assert len(turns) == 3
    bare = sum(len(turn.prompt) + len(turn.gold.first_reply().ids) for turn in turns)
    assert trained.tokens == bare + len(turns)  # each with the end of a thought that this model does not have
