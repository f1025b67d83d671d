"""Generation: the same as transformers' own, whatever the batch; its randomness its own."""

# ruff: noqa: E402 (without the extra [train] nothing below can be imported, and the file is skipped)

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from act_env.conversation import Turn, render_dialogue
from agents import lm, models, prompts
from agents.base import Agent
from tests.support_model import SENTENCES, tiny_model, tiny_tokenizer


@pytest.fixture(scope="module")
def tokenizer():
    return tiny_tokenizer()


@pytest.fixture(scope="module")
def model(tokenizer):
    model = tiny_model(tokenizer)
    # Sharper than it is drawn, so that greedy choices do not hang on the last bit.
    with torch.no_grad():
        model.model.norm.weight.mul_(6.0)
    return model


@pytest.fixture(scope="module")
def encoded(tokenizer):
    texts = [" ".join(SENTENCES[: 1 + i % 4]) + f" {i}" * (1 + i % 5) for i in range(9)]
    return [prompts.encode(tokenizer, observation(text)) for text in texts]


def observation(request: str, context: str = SENTENCES[0]) -> dict:
    return {"context": context, "dialogue": render_dialogue([Turn("user", request)]), "turn": 0}


def test_greedy_is_what_transformers_generates(model, tokenizer, encoded):
    ours = lm.generate(model, tokenizer, encoded, lm.Sampling(12), batch_size=4)
    for ids, completion in zip(encoded, ours, strict=True):
        theirs = model.generate(
            torch.tensor([ids]), attention_mask=torch.ones(1, len(ids)), max_new_tokens=12, do_sample=False
        )[0, len(ids) :].tolist()
        assert list(completion.ids) == theirs
        assert completion.ended == (theirs[-1] == tokenizer.eos_token_id)


def test_a_common_beginning_changes_nothing(model, tokenizer, encoded, monkeypatch):
    assert lm._common(encoded) >= lm.SHARED
    shared = lm.generate(model, tokenizer, encoded, lm.Sampling(12))
    monkeypatch.setattr(lm, "SHARED", 10_000)
    assert lm.generate(model, tokenizer, encoded, lm.Sampling(12)) == shared


def test_samples_depend_on_their_seed_alone(model, tokenizer, encoded):
    sampling = lm.Sampling(8, temperature=1.0, top_p=0.95)
    seeds = [lm.seed_of("test", row) for row in range(len(encoded))]
    state = torch.get_rng_state()
    together = lm.generate(model, tokenizer, encoded, sampling, seeds=seeds)
    assert torch.equal(state, torch.get_rng_state())
    alone = [
        lm.generate(model, tokenizer, [ids], sampling, seeds=[s])[0] for ids, s in zip(encoded, seeds, strict=True)
    ]
    assert together == alone
    other = lm.generate(model, tokenizer, encoded, sampling, seeds=[seed + 1 for seed in seeds])
    assert other != together


def test_samples_follow_the_model():
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.2]], dtype=torch.float64)).repeat(2000, 1)
    numbers = torch.linspace(0, 1, 2001, dtype=torch.float64)[:-1]
    counts = torch.bincount(lm._pick(logits, lm.Sampling(1, 1.0), numbers), minlength=3)
    assert (counts - torch.tensor([1000, 600, 400])).abs().max() <= 1
    kept = torch.bincount(lm._pick(logits, lm.Sampling(1, 1.0, top_p=0.7), numbers), minlength=3)
    assert (kept - torch.tensor([1250, 750, 0])).abs().max() <= 1


def test_replies_end_at_the_token_that_ends_them(tokenizer, encoded):
    model = tiny_model(tokenizer)
    with torch.no_grad():
        model.lm_head.weight.zero_()
    sampling = lm.Sampling(40, temperature=1.0)
    replies = lm.generate(model, tokenizer, encoded * 8, sampling, seeds=range(len(encoded) * 8))
    ended = [reply for reply in replies if reply.ended]
    assert ended and len(ended) < len(replies)
    for reply in replies:
        assert tokenizer.eos_token_id not in reply.ids[:-1]
        assert "<eos>" not in reply.text
        assert reply.ended or len(reply.ids) == 40


def test_the_mode_of_the_model_is_left_alone(model, tokenizer, encoded):
    model.train()
    lm.generate(model, tokenizer, encoded[:1], lm.Sampling(2))
    assert model.training
    model.eval()
    lm.generate(model, tokenizer, encoded[:1], lm.Sampling(2))
    assert not model.training


def test_agent(model, tokenizer):
    agent = lm.LMAgent(model, tokenizer, max_new_tokens=6, name="tiny")
    assert isinstance(agent, Agent)
    seen = [observation("Total revenue?"), observation("All stores, please")]
    replies = agent.act(seen)
    assert len(replies) == 2 and all(isinstance(r, str) and 1 <= r.tokens <= 6 for r in replies)
    assert agent.act(seen[::-1]) == replies[::-1]
    drawn = agent.sample(seen, 3, temperature=1.0)
    assert [len(d) for d in drawn] == [3, 3] and drawn == agent.sample(seen, 3, temperature=1.0)
    assert agent.facts["weights"] != lm.LMAgent(tiny_model(tokenizer, seed=1), tokenizer).facts["weights"]


def test_what_does_not_fit_is_told(tokenizer):
    agent = lm.LMAgent(tiny_model(tokenizer, positions=64), tokenizer, max_new_tokens=16)
    long = observation("word " * 80)
    assert not agent.fits(long) and agent.fits(observation("hi", context="x"))
    with pytest.raises(prompts.PromptTooLong):
        agent.act([long])


@pytest.mark.parametrize("settings", [{"max_new_tokens": 0}, {"temperature": -1.0}, {"top_p": 0.0}])
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        lm.Sampling(**settings)


def test_a_folder_is_loaded_in_float32(model, tokenizer, tmp_path):
    tiny_model(tokenizer).half().save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    loaded, again = models.load(tmp_path)
    assert loaded.dtype == torch.float32 and not loaded.training
    assert prompts.style_of(again) == "plain"
    seen = observation("Total <user> revenue?")
    assert prompts.encode(again, seen) == prompts.encode(tokenizer, seen)


def test_models_that_are_not_there_say_how_to_get_them(tmp_path):
    with pytest.raises(models.ModelNotFound, match="smollm2"):
        models.load(str(tmp_path / "nothing"))
    with pytest.raises(models.ModelNotFound, match=r"config\.json"):
        models.load(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(models.UnsafeWeights, match="pickled"):
        models.load(tmp_path)
