"""ACT: phase 1's pairs, each scenario of phase 2, what is scored, and resuming."""

# ruff: noqa: E402 (without the extra [train] nothing below can be imported, and the file is skipped)

from __future__ import annotations

import copy
import dataclasses
import signal

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from act_env import users
from act_env.conversation import Action
from act_env.errors import UserSimulatorError
from agents import conversations, lm, prompts
from agents.act import batches, pairs, rollouts, trainer
from agents.act.rollouts import Dropped, Scenario, Settings
from agents.sft import SFTConfig, train_sft
from tests.support_model import tiny_model

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def built(env, source, tokenizer):
    plays, _ = conversations.play_all(env, source.tasks, tokenizer, seed=0)
    return {pair.id: pair for pair in pairs.build(env, plays, tokenizer, seed=0)}


def texts(trajectory) -> list[str]:
    return [turn.text for turn in trajectory.turns]


def says(tokenizer, *rounds: list[str]):
    """A policy that says given texts: ``rounds[i]`` are its replies to the i-th batch of prompts."""
    script = iter(rounds)

    def sampler(prompt_ids, seeds):
        replies = next(script)
        assert len(replies) == len(prompt_ids) == len(seeds)
        return [lm.Completion(tuple(prompts.reply_ids(tokenizer, text)), text, True) for text in replies]

    return sampler


def roll(env, tokenizer, pair, *replies: str, **settings):
    sampler = says(tokenizer, *[[reply] for reply in replies])
    (rollout,) = rollouts.roll_out(env, [pair], tokenizer, sampler, Settings(**settings), seed=0)
    return rollout


# Phase 1.


def test_an_ambiguous_task_gives_a_pair_for_its_question_and_one_for_its_answer(built, source):
    task = source.tasks[1]
    asking, answering = built["tiny-revenue-a/0"], built["tiny-revenue-a/1"]
    gold = task.reading(asking.intention).answer
    assert asking.action is Action.CLARIFY
    assert texts(asking.chosen)[0] == task.gold_question and texts(asking.chosen)[2] == gold
    assert texts(asking.rejected) == [gold]
    assert answering.action is Action.ANSWER and answering.intention == asking.intention
    assert texts(answering.chosen) == [gold]
    assert len(answering.rejected.turns) == 1 and answering.rejected.turns[0].text.endswith("?")


def test_a_clear_task_gives_one_pair_whose_losing_reply_asks(built, source):
    pair = built["tiny-long-c/0"]
    assert "tiny-long-c/1" not in built
    assert texts(pair.chosen) == [source.tasks[4].readings[0].answer]
    assert len(pair.rejected.turns) == 1 and pair.rejected.turns[0].text.endswith("?")


def test_a_generator_that_does_not_ask_is_told(env, source, tokenizer):
    plays, _ = conversations.play_all(env, source.tasks[:1], tokenizer, seed=0)
    with pytest.raises(pairs.NotAQuestion, match="SELECT 1"):
        pairs.build(env, plays, tokenizer, seed=0, generator=lambda *_: "SELECT 1")


def test_pairs_follow_a_user_who_changes_its_mind(source, tokenizer):
    task = source.tasks[1]
    env = conversations.open_env(source, user="persona:mind-changer")
    changed = 0
    for seed in range(8):
        play = conversations.play_gold(env, task, tokenizer, seed=seed)
        asking, answering = pairs.build(env, [play], tokenizer, seed=seed)
        assert asking.intention == play.intention
        changed += answering.intention != asking.intention
        assert texts(answering.chosen) == [task.reading(answering.intention).answer] == texts(asking.chosen)[2:]
        assert texts(asking.rejected) == [task.reading(asking.intention).answer]
    assert 0 < changed < 8


def test_an_annotator_replaces_the_gold_actions(env, source, tokenizer):
    plays, _ = conversations.play_all(env, source.tasks, tokenizer, seed=0)
    swapped = pairs.build(env, plays, tokenizer, seed=0, annotator=lambda *_: Action.CLARIFY)
    clear = next(pair for pair in swapped if pair.id == "tiny-long-c/0")
    assert clear.action is Action.CLARIFY and not clear.by_gold
    answer = source.tasks[4].readings[0].answer
    assert texts(clear.chosen)[2] == answer and texts(clear.rejected) == [answer]
    coin = pairs.random_actions(1)
    tossed = [coin(task, ()) for task in source.tasks]
    assert set(tossed) == set(Action) and tossed == [coin(task, ()) for task in source.tasks]


# Phase 2: the scenarios.


def test_scenario_a_an_answer_where_a_question_was_called_for(built, env, tokenizer, source):
    pair = built["tiny-revenue-a/0"]
    gold = source.tasks[1].reading(pair.intention).answer
    rollout = roll(env, tokenizer, pair, gold)  # equal to gold, and still losing
    assert rollout.scenario is Scenario.A and rollout.outcome is None
    assert texts(rollout.rejected) == [gold] and rollout.chosen is pair.chosen


def test_scenario_a_a_question_where_an_answer_was_called_for(built, env, tokenizer):
    pair = built["tiny-revenue-c/0"]
    rollout = roll(env, tokenizer, pair, "Do you mean net or gross revenue?")
    assert rollout.scenario is Scenario.A and rollout.asked
    assert texts(rollout.rejected) == ["Do you mean net or gross revenue?"] and rollout.chosen is pair.chosen


def test_scenario_b2_a_question_that_leads_to_the_right_answer(built, env, tokenizer, source):
    pair = built["tiny-revenue-a/0"]
    gold = source.tasks[1].reading(pair.intention).answer
    rollout = roll(env, tokenizer, pair, "Net revenue or gross revenue?", f"{gold} ")
    assert rollout.scenario is Scenario.B2 and rollout.outcome == 1.0
    asked, reply, answer = texts(rollout.chosen)
    assert (asked, answer) == ("Net revenue or gross revenue?", f"{gold} ")
    assert reply in source.tasks[1].slots[0].option(pair.intention).replies
    assert rollout.rejected is pair.rejected


def test_scenario_b1_a_question_that_leads_to_a_wrong_answer(built, env, tokenizer):
    pair = built["tiny-revenue-a/0"]
    rollout = roll(env, tokenizer, pair, "Net revenue or gross revenue?", "SELECT 0")
    assert rollout.scenario is Scenario.B1 and rollout.outcome == 0.0
    assert texts(rollout.rejected)[::2] == ["Net revenue or gross revenue?", "SELECT 0"]
    assert rollout.chosen is pair.chosen


def test_scenario_b1_a_question_that_settles_nothing(built, env, tokenizer, source):
    pair = built["tiny-revenue-a/0"]
    gold = source.tasks[1].reading(pair.intention).answer
    assert roll(env, tokenizer, pair, "Could you clarify what you mean?", gold).scenario is Scenario.B1


def test_scenario_b1_a_policy_that_only_asks(built, env, tokenizer):
    rollout = roll(env, tokenizer, built["tiny-revenue-a/0"], *["What do you mean?"] * 4)
    assert rollout.scenario is Scenario.B1 and len(rollout.rejected.turns) == 7


def test_answers_on_clear_turns_are_judged_by_their_result(built, env, tokenizer, source):
    pair = built["tiny-revenue-c/0"]
    right = roll(env, tokenizer, pair, "select sum(net_revenue) from store")
    assert right.scenario is Scenario.B2 and texts(right.chosen) == ["select sum(net_revenue) from store"]
    wrong = roll(env, tokenizer, pair, "SELECT SUM(gross_revenue) FROM store")
    assert wrong.scenario is Scenario.B1 and texts(wrong.rejected) == ["SELECT SUM(gross_revenue) FROM store"]


def test_the_turn_after_the_reply_starts_from_its_own_state(built, env, tokenizer, source):
    pair = built["tiny-revenue-a/1"]
    gold = source.tasks[1].reading(pair.intention).answer
    assert roll(env, tokenizer, pair, gold).scenario is Scenario.B2
    assert roll(env, tokenizer, pair, "Net revenue or gross revenue?").scenario is Scenario.A


def test_first_replies_alone_can_be_compared(built, env, tokenizer, source):
    pair = built["tiny-revenue-a/0"]
    gold = source.tasks[1].reading(pair.intention).answer
    won = roll(env, tokenizer, pair, "Net revenue or gross revenue?", gold, scope="first_reply")
    assert texts(won.chosen) == ["Net revenue or gross revenue?"]
    # The gold question itself, followed by a wrong answer: nothing left to compare.
    same = roll(env, tokenizer, pair, source.tasks[1].gold_question, "SELECT 0", scope="first_reply")
    assert same.dropped is Dropped.IDENTICAL
    with pytest.raises(ValueError, match="pair_scope"):
        Settings(scope="sentence")


def test_without_simulation_a_question_is_judged_by_its_action(built, env, tokenizer):
    rollout = roll(env, tokenizer, built["tiny-revenue-a/0"], "Hm, what?", simulate=False)
    assert rollout.scenario is Scenario.B2 and texts(rollout.chosen) == ["Hm, what?"] and rollout.outcome is None


def test_what_does_not_fit_is_dropped(built, env, tokenizer):
    pair = built["tiny-revenue-a/0"]
    rollout = roll(env, tokenizer, pair, "Net or gross revenue?", room=len(pair.prompt) + 20, max_new_tokens=20)
    assert rollout.dropped is Dropped.TOO_LONG and rollout.scenario is None


class Failing:
    name = "failing"

    def reply(self, *_):
        raise UserSimulatorError("no answer from the model")


def test_a_user_that_fails_is_counted_and_never_becomes_text(built, source, tokenizer):
    rollout = roll(
        conversations.open_env(source, user=Failing()), tokenizer, built["tiny-revenue-a/0"], "Net or gross?"
    )
    assert rollout.dropped is Dropped.USER_FAILED and isinstance(Failing(), users.User)


def test_a_batch_is_played_together_and_alone_the_same(built, env, tokenizer):
    model = tiny_model(tokenizer)

    def sampler(prompt_ids, seeds):
        return lm.generate(model, tokenizer, prompt_ids, lm.Sampling(12, 1.0), seeds=seeds)

    batch = list(built.values())
    together = rollouts.roll_out(env, batch, tokenizer, sampler, Settings(max_new_tokens=12), seed="x/1")
    for pair, expected in zip(batch, together, strict=True):
        (alone,) = rollouts.roll_out(env, [pair], tokenizer, sampler, Settings(max_new_tokens=12), seed="x/1")
        assert alone.sampled.ids == expected.sampled.ids and alone.scenario is expected.scenario


def test_sampled_ids_are_kept(built, env, tokenizer):
    pair = built["tiny-revenue-a/0"]
    # Not the ids that the text would be encoded to, and cut before its end.
    ids = tuple(tokenizer(c, add_special_tokens=False).input_ids[0] for c in "Net or gross revenue?")
    question = lm.Completion(ids, "Net or gross revenue?", False)
    answer = lm.Completion(tuple(prompts.reply_ids(tokenizer, "SELECT 0")), "SELECT 0", True)
    script = iter([[question], [answer]])
    (rollout,) = rollouts.roll_out(env, [pair], tokenizer, lambda *_: next(script), Settings(), seed=0)
    own = [token for token, mine in zip(rollout.sampled.ids, rollout.sampled.own, strict=True) if mine]
    assert own == [*ids, *answer.ids]
    # The turn that was cut is closed for the next one, by a token that is not the agent's.
    assert rollout.sampled.ids[len(ids)] == tokenizer.eos_token_id and not rollout.sampled.own[len(ids)]


# What is scored.


@pytest.fixture(scope="module")
def sampled(built, env, tokenizer):
    good = {p.id: texts(p.chosen)[-1] for p in built.values()}
    picked = [built[name] for name in ("tiny-revenue-a/0", "tiny-revenue-c/0", "tiny-long-a/1", "tiny-order-a/0")]
    first = ["Net revenue or gross revenue?", "SELECT 0", good["tiny-long-a/1"], good["tiny-order-a/0"]]
    second = [good["tiny-revenue-a/0"]]
    return rollouts.roll_out(env, picked, tokenizer, says(tokenizer, first, second), Settings(), seed=0)


def test_the_mask_holds_the_agents_tokens_alone(sampled, tokenizer):
    batch = batches.batch_of(sampled, tokenizer.pad_token_id, "cpu")
    assert [rollout.scenario for rollout in sampled] == [Scenario.B2, Scenario.B1, Scenario.B2, Scenario.A]
    assert batch["input_ids"].shape[0] == 8
    for row, trajectory in enumerate([r.chosen for r in sampled] + [r.rejected for r in sampled]):
        scored = batch["input_ids"][row][batch["completion_mask"][row].bool()]
        agent = "".join(f"{turn.text}<eos>" for turn in trajectory.turns if turn.role == "assistant")
        assert tokenizer.decode(scored) == agent
        read = batch["input_ids"][row][batch["attention_mask"][row].bool()]
        assert tokenizer.decode(read) == tokenizer.decode([*sampled[row % 4].pair.prompt, *trajectory.ids])


def test_an_empty_completion_is_refused(sampled, tokenizer):
    empty = dataclasses.replace(sampled[0], chosen=conversations.Trajectory((1,), (False,)))
    with pytest.raises(ValueError, match="chosen completion has no token"):
        batches.batch_of([empty], tokenizer.pad_token_id, "cpu")


def test_sharing_the_prompt_changes_neither_scores_nor_gradients(sampled, tokenizer):
    batch = batches.batch_of(sampled, tokenizer.pad_token_id, "cpu")
    labels = batch["input_ids"].masked_fill(batch["completion_mask"] == 0, -100)
    plain_inputs = {name: batch[name] for name in ("input_ids", "attention_mask", "prompt_width")}
    outputs, gradients = [], []
    for share in (True, False):
        model = tiny_model(tokenizer)
        scorer = batches.Scorer(model, share_prompt=share)
        assert scorer.share is share
        scores = scorer(**plain_inputs, labels=labels)
        assert scores.log_probs.shape == (8, labels.shape[1] - 1)
        scores.log_probs.sum().backward()
        outputs.append(scores)
        gradients.append([parameter.grad for parameter in model.parameters()])
    for name in ("log_probs", "entropy", "mean_logits"):
        torch.testing.assert_close(getattr(outputs[0], name), getattr(outputs[1], name), atol=1e-4, rtol=1e-4)
    assert torch.equal(outputs[0].is_top1, outputs[1].is_top1)
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, atol=1e-3, rtol=1e-3)


def test_scores_are_those_of_a_plain_forward(sampled, tokenizer):
    model = tiny_model(tokenizer)
    batch = batches.batch_of(sampled, tokenizer.pad_token_id, "cpu")
    labels = batch["input_ids"].masked_fill(batch["completion_mask"] == 0, -100)
    with torch.no_grad():
        scores = batches.Scorer(model)(
            **{k: batch[k] for k in ("input_ids", "attention_mask", "prompt_width")}, labels=labels
        )
        for row, trajectory in enumerate([r.chosen for r in sampled] + [r.rejected for r in sampled]):
            ids = torch.tensor([[*sampled[row % 4].pair.prompt, *trajectory.ids]])
            log_probs = model(input_ids=ids).logits.log_softmax(-1)[0, :-1].gather(-1, ids[0, 1:, None]).squeeze(-1)
            own = torch.tensor(trajectory.own)
            expected = log_probs[-len(own) :][own].sum()
            torch.testing.assert_close(scores.log_probs[row].sum(), expected, atol=1e-3, rtol=1e-4)


# Training.


def settings(**changes) -> trainer.ACTConfig:
    defaults = {
        "num_train_epochs": 1,
        "per_device_train_batch_size": 5,
        "max_new_tokens": 40,
        "use_cpu": True,
        "seed": 5,
    }
    return trainer.ACTConfig(**{**defaults, **changes})


@pytest.fixture(scope="module")
def tuned(source, tokenizer, tmp_path_factory):
    """A policy that asks and answers: without one, half of the scenarios never come up."""
    torch.set_num_threads(1)
    config = SFTConfig(num_train_epochs=50, learning_rate=5e-3, per_device_train_batch_size=4, use_cpu=True)
    return train_sft(
        tiny_model(tokenizer), tokenizer, source, source.tasks, config, tmp_path_factory.mktemp("sft")
    ).model


def same_weights(one, other) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_policy_and_reference_score_the_same_tensors(tuned, source, tokenizer, env, built, tmp_path, monkeypatch):
    seen = []
    score = batches.Scorer.__call__

    def spy(self, **inputs):
        seen.append((self.model, inputs["input_ids"].clone(), inputs["labels"].clone()))
        return score(self, **inputs)

    monkeypatch.setattr(batches.Scorer, "__call__", spy)
    model, reference = copy.deepcopy(tuned), copy.deepcopy(tuned)
    act = trainer.ACTTrainer(
        model, reference, settings(max_steps=2, output_dir=str(tmp_path), save_strategy="no"),
        pairs=list(built.values()), env=env, processing_class=tokenizer,
    )  # fmt: skip
    act.train()
    assert len(seen) == 4
    for (first, ids, labels), (second, again, labels_again) in (seen[:2], seen[2:]):
        assert first is reference and second is not reference
        assert torch.equal(ids, again) and torch.equal(labels, labels_again)
    assert same_weights(reference, tuned) and not same_weights(model, tuned)


def test_the_first_loss_is_ln_2_and_figures_are_logged(tuned, source, tokenizer, built, tmp_path):
    told = trainer.train_act(copy.deepcopy(tuned), tokenizer, source, source.tasks, settings(), tmp_path)
    first = told.history[0]
    assert first["loss"] == pytest.approx(0.6931, abs=1e-3) and first["rewards/margins"] == pytest.approx(0, abs=1e-3)
    for record in told.history:
        scenarios = [record[f"scenario/{name}"] for name in ("A", "B1", "B2")]
        assert sum(scenarios) + sum(record[f"dropped/{why}"] for why in Dropped) in (5, len(built) % 5)
        assert 0 <= record["ask_rate"] <= 1
    assert sum(record["scenario/B2"] for record in told.history) > 0
    assert told.tokens > 0 and told.history[-1]["sampled_tokens"] > 0
    assert (told.path / "model.safetensors").is_file()


def test_a_resumed_run_is_the_uninterrupted_one(tuned, source, tokenizer, tmp_path):
    config = settings(num_train_epochs=2, gradient_accumulation_steps=2, per_device_train_batch_size=2)
    whole = trainer.train_act(copy.deepcopy(tuned), tokenizer, source, source.tasks, config, tmp_path / "whole")

    def interrupt(done, total, note):
        if done == 2:  # in the middle of an epoch
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        trainer.train_act(copy.deepcopy(tuned), tokenizer, source, source.tasks, config, tmp_path / "cut", interrupt)
    torch.manual_seed(999)
    resumed = trainer.train_act(copy.deepcopy(tuned), tokenizer, source, source.tasks, config, tmp_path / "cut")
    assert same_weights(whole.model, resumed.model)
    timeless = [[{**record, "seconds": 0} for record in run.history] for run in (whole, resumed)]
    assert timeless[0] == timeless[1]


def test_without_sampling_it_is_dpo_on_the_pairs_of_phase_1(tuned, source, tokenizer, built, tmp_path):
    told = trainer.train_act(copy.deepcopy(tuned), tokenizer, source, source.tasks, settings(sampling=False), tmp_path)
    assert sum(record["scenario/phase1"] for record in told.history) == len(built)
    assert "ask_rate" not in told.history[0] and "sampled_tokens" not in told.history[0]


def test_ablations_and_the_likelihood_term_run(tuned, source, tokenizer, tmp_path):
    plain = trainer.train_act(
        copy.deepcopy(tuned), tokenizer, source, source.tasks, settings(max_steps=1), tmp_path / "0"
    )
    for name, changes in {
        "nll": {"nll_weight": 0.5},
        "random": {"random_actions": True},
        "no-simulation": {"simulation": False},
        "first-reply": {"pair_scope": "first_reply"},
    }.items():
        config = settings(max_steps=1, **changes)
        told = trainer.train_act(copy.deepcopy(tuned), tokenizer, source, source.tasks, config, tmp_path / name)
        assert len(told.history) == 1
        if name == "nll":
            expected = plain.history[0]["loss"] + 0.5 * told.history[0]["nll"]
            assert told.history[0]["loss"] == pytest.approx(expected, abs=1e-3)


def test_a_batch_in_which_every_pair_was_dropped_moves_nothing(tuned, source, tokenizer, env, built, tmp_path):
    model = copy.deepcopy(tuned)
    act = trainer.ACTTrainer(
        model, copy.deepcopy(tuned),
        settings(max_steps=1, output_dir=str(tmp_path), save_strategy="no", weight_decay=0.0),
        pairs=[dataclasses.replace(pair, rejected=pair.chosen) for pair in list(built.values())[:3]],
        env=env, processing_class=tokenizer,
    )  # fmt: skip
    act.args.sampling = False
    act.train()
    assert same_weights(model, tuned)


def test_training_with_an_adapter(tuned, source, tokenizer, tmp_path):
    peft = pytest.importorskip("peft")
    adapter = peft.LoraConfig(r=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
    told = trainer.train_act(
        copy.deepcopy(tuned), tokenizer, source, source.tasks, settings(max_steps=1), tmp_path, peft_config=adapter
    )
    assert told.history[0]["loss"] == pytest.approx(0.6931, abs=1e-3)
    assert (told.path / "adapter_model.safetensors").is_file()
    again = trainer.train_act(
        copy.deepcopy(tuned), tokenizer, source, source.tasks, settings(max_steps=1), tmp_path, peft_config=adapter
    )
    assert lm.fingerprint(again.model) == lm.fingerprint(told.model)


def test_settings_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="nll_weight"):
        settings(nll_weight=-1.0)
    with pytest.raises(ValueError, match="pair_scope"):
        settings(pair_scope="word")
    with pytest.raises(ValueError, match="precompute_ref_log_probs"):
        settings(precompute_ref_log_probs=True)


def test_settings_are_read_from_a_command_line():
    from transformers import HfArgumentParser

    for config, option in ((trainer.ACTConfig, "--nll_weight"), (SFTConfig, "--weight_decay")):
        parser = HfArgumentParser(config)
        assert option in parser.format_help()
        (read,) = parser.parse_args_into_dataclasses([option, "0.25"])
        assert getattr(read, option[2:]) == 0.25 and not read.bf16 and not read.gradient_checkpointing
