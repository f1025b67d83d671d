"""Phase 2 of ACT, the learning: quasi-online DPO on pairs that the policy's own rollouts update.

For every batch of phase 1's pairs (Algorithm 2 of the paper, section 3.2.2):

1. all prompts are sampled from the current policy at once, and played out (``agents.act.rollouts``);
2. each pair's losing or winning completion is replaced as its scenario says, once, before anything is
   scored;
3. the reference π_θ0, the policy that training began with, and the policy score the same tensors;
4. one step of DPO, on the agent's own tokens alone.

``ACTTrainer`` is TRL's ``DPOTrainer`` with its data handling replaced: its losses, metrics, adapters and
distributed training are TRL's. Every draw is keyed by seed, pair and step, so that a resumed run is
the run that was interrupted.
"""

from __future__ import annotations

import copy
import dataclasses
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from datasets import Dataset
from trl import DPOConfig, DPOTrainer
from trl.models import unwrap_model_for_generation

from act_env.conversation import Task, content_hash
from act_env.env import ClarifyEnv
from act_env.tasks import TaskSource
from agents import lm, models
from agents.act import pairs as phase1
from agents.act.batches import Scorer, batch_of
from agents.act.pairs import Pair
from agents.act.rollouts import PAIR_SCOPES, Dropped, Rollout, Scenario, Settings, roll_out, untouched
from agents.conversations import open_env, play_all
from agents.sft import with_folder
from agents.training import Counters, Progress, RunDefaults, Trained, finished, identity_of, run


@dataclasses.dataclass
class ACTConfig(RunDefaults, DPOConfig):
    """Settings of ACT: those of TRL's DPO with defaults for a small model on a CPU, and ACT's own."""

    learning_rate: float = field(default=5e-5, metadata={"help": "Initial learning rate."})
    beta: float = field(default=0.1, metadata={"help": "DPO's β: how strongly the policy is held to the reference."})
    num_train_epochs: float = field(default=4, metadata={"help": "Passes over the pairs."})
    per_device_train_batch_size: int = field(default=8, metadata={"help": "Pairs a step; they are sampled together."})
    max_length: int | None = field(default=None, metadata={"help": "Unused: what does not fit is left out, never cut."})
    gradient_checkpointing: bool | None = field(default=None, metadata={"help": "Less memory for more time."})

    epsilon: float = field(default=0.9, metadata={"help": "ε: an outcome H above it wins (B2), else loses (B1)."})
    temperature: float = field(default=1.0, metadata={"help": "Temperature of the policy's samples."})
    top_p: float = field(default=1.0, metadata={"help": "Nucleus of the policy's samples; 1 keeps every token."})
    max_new_tokens: int = field(default=96, metadata={"help": "The most tokens of one sampled reply."})
    generation_batch_size: int = field(default=64, metadata={"help": "Prompts sampled at once."})
    pair_scope: str = field(
        default="trajectory",
        metadata={"help": "Whole trajectories are compared, or their first replies.", "choices": list(PAIR_SCOPES)},
    )
    nll_weight: float = field(
        default=0.0,
        metadata={"help": "Weight of the winning completion's negative log-likelihood per token (IRPO's term)."},
    )
    sampling: bool = field(default=True, metadata={"help": "False: off-policy DPO on phase 1's pairs."})
    simulation: bool = field(
        default=True, metadata={"help": "False: a sampled question is judged by its action, without a user."}
    )
    random_actions: bool = field(default=False, metadata={"help": "True: gold actions are replaced by a coin's."})
    max_rounds: int | None = field(default=None, metadata={"help": "Replies an episode may take; None: its default."})
    user: str = field(default="oracle", metadata={"help": "The simulated user of pairs and rollouts."})
    share_prompt: bool = field(
        default=True, metadata={"help": "Compute the prompt of a pair once, where the model's attention allows it."}
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nll_weight < 0:
            raise ValueError(f"nll_weight is {self.nll_weight}: it must be 0 or more")
        if self.precompute_ref_log_probs:
            raise ValueError("precompute_ref_log_probs must stay False: the pairs are only made as training goes")
        lm.Sampling(self.max_new_tokens, self.temperature, self.top_p)
        Settings(scope=self.pair_scope)


class ACTTrainer(DPOTrainer):
    """TRL's DPO on pairs that are rolled out as they are used.

    ``pairs`` are phase 1's and ``env`` the environment that plays them. ``ref_model`` must be given
    (a copy of the policy before training) unless the policy is, or becomes through ``peft_config``, an
    adapter. ``sampler`` replaces the policy's own sampling, in tests.

    Logged at every step, as sums over its pairs: ``scenario/A``, ``B1``, ``B2``, ``phase1``; ``dropped/identical``,
    ``user_failed``, ``too_long``; and as means ``ask_rate`` (of the policy's first replies), ``ask_rate_clarify``
    and ``ask_rate_answer`` (where the pair's action is that), ``outcome`` (H, of what was played out) and
    TRL's ``rewards/margins``, ``rewards/accuracies``.
    """

    def __init__(
        self,
        model: Any,
        ref_model: Any = None,
        args: ACTConfig | None = None,
        *,
        pairs: Sequence[Pair],
        env: ClarifyEnv,
        processing_class: Any,
        sampler: Callable[..., list[lm.Completion]] | None = None,
        counters: Counters | None = None,
        **kwargs: Any,
    ) -> None:
        if not pairs:
            raise ValueError("there are no pairs to train on")
        args = args or ACTConfig()
        super().__init__(
            model,
            ref_model,
            args,
            data_collator=_as_they_are,
            train_dataset=Dataset.from_dict({"pair": list(range(len(pairs)))}),
            processing_class=processing_class,
            **kwargs,
        )
        # The loss reads the reference's scores from the batch, where ``_prepare_inputs`` puts them.
        self.precompute_ref_logps = True
        self.pairs, self.env = tuple(pairs), env
        self.counters = counters if counters is not None else Counters()
        self._sampler = sampler
        self._settings = Settings(
            epsilon=args.epsilon,
            simulate=args.simulation,
            scope=args.pair_scope,
            room=models.room(self.model, processing_class),
            max_new_tokens=args.max_new_tokens,
        )
        self._sampling = lm.Sampling(args.max_new_tokens, args.temperature, args.top_p)
        self._tally: Counter[str] = Counter()

    # The overrides of TRL's data handling: rows are indices of pairs until a batch is needed.

    def _prepare_dataset(self, dataset, *args, **kwargs):
        return dataset

    def _set_signature_columns_if_needed(self) -> None:
        self._signature_columns = ["pair"]

    def _prepare_inputs(self, inputs):
        if isinstance(inputs, Mapping) and "completion_mask" in inputs:
            return super()._prepare_inputs(inputs)
        rollouts = self.rollouts([self.pairs[row["pair"]] for row in inputs])
        kept = [rollout for rollout in rollouts if rollout.dropped is None]
        self._count(rollouts)
        batch = batch_of(kept, self.processing_class.pad_token_id, self.accelerator.device)
        if kept:
            reference = self.ref_model if self.ref_model is not None else self.model
            scorer = Scorer(reference, share_prompt=self.args.share_prompt)
            batch["ref_chosen_logps"], batch["ref_rejected_logps"] = self.compute_ref_log_probs(scorer, batch)
        return batch

    def _compute_loss(self, model, inputs, return_outputs=False):
        if return_outputs:
            raise ValueError("ACT's loss hands out no logits: evaluate the policy with agents.evaluate")
        if not inputs["input_ids"].shape[0]:
            # Every pair was dropped: a step that moves nothing, on which all processes still agree.
            return sum(parameter.sum() for parameter in model.parameters() if parameter.requires_grad) * 0.0
        if model.training:
            # TRL's own count starts from zero in a resumed run.
            self._total_train_tokens = self.counters.tokens
            self.counters.tokens += int(inputs["attention_mask"].sum())
        scorer = Scorer(model, share_prompt=self.args.share_prompt)
        loss = super()._compute_loss(scorer, inputs, return_outputs)
        if not self.args.nll_weight:
            return loss
        own = inputs["completion_mask"][:, 1:].chunk(2)[0]
        nll = -(scorer.log_probs.chunk(2)[0].sum(1) / own.sum(1)).mean()
        self._tally.update({"nll": nll.item(), "nll/steps": 1})
        return loss + self.args.nll_weight * nll

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        if "loss" in logs:
            logs.update(self._figures())
            self._tally.clear()
        super().log(logs, start_time)

    def create_model_card(self, *args, **kwargs) -> None:
        """None: a checkpoint of a run is no model to publish."""

    def train(self, *args, **kwargs):
        with warnings.catch_warnings():
            # TRL reads an attribute that newer transformers call by another name; nobody here can act on it.
            warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
            return super().train(*args, **kwargs)

    # Rollouts.

    def rollouts(self, batch: Sequence[Pair]) -> list[Rollout]:
        """The pairs of a batch as this step's policy changes them."""
        if not self.args.sampling:
            return [untouched(pair, self.args.pair_scope) for pair in batch]
        key = f"{self.args.seed}/{self.state.global_step}"
        return roll_out(self.env, batch, self.processing_class, self._sample, self._settings, seed=key)

    def _sample(self, prompts: Sequence[Sequence[int]], seeds: Sequence[int]) -> list[lm.Completion]:
        if self._sampler is not None:
            return self._sampler(prompts, seeds)
        with unwrap_model_for_generation(self.model, self.accelerator) as policy:
            completions = lm.generate(
                policy,
                self.processing_class,
                prompts,
                self._sampling,
                seeds=seeds,
                batch_size=self.args.generation_batch_size,
            )
        self.counters.add(sampled_tokens=sum(len(completion.ids) for completion in completions))
        return completions

    def _count(self, rollouts: Sequence[Rollout]) -> None:
        tally = self._tally
        for rollout in rollouts:
            if rollout.dropped is not None:
                tally[f"dropped/{rollout.dropped}"] += 1
                self.counters.add(**{f"dropped_{rollout.dropped}": 1})
            if rollout.scenario is not None:
                tally[f"scenario/{rollout.scenario}"] += 1
            if rollout.asked is not None:
                for name in ("ask_rate", f"ask_rate_{rollout.pair.action}"):
                    tally[name] += rollout.asked
                    tally[f"{name}/of"] += 1
            if rollout.outcome is not None:
                tally["outcome"] += rollout.outcome
                tally["outcome/of"] += 1

    def _figures(self) -> dict[str, float]:
        tally = self._tally
        figures = {f"scenario/{scenario}": tally[f"scenario/{scenario}"] for scenario in Scenario}
        figures |= {f"dropped/{why}": tally[f"dropped/{why}"] for why in Dropped}
        for name in ("ask_rate", "ask_rate_clarify", "ask_rate_answer", "outcome"):
            if tally[f"{name}/of"]:
                figures[name] = tally[name] / tally[f"{name}/of"]
        if tally["nll/steps"]:
            figures["nll"] = tally["nll"] / tally["nll/steps"]
        return figures


def _as_they_are(rows: list) -> list:
    return rows


def train_act(
    model: Any,
    tokenizer: Any,
    source: TaskSource,
    conversations: Sequence[Task],
    config: ACTConfig | None = None,
    out_dir: str | Path = "runs/act",
    progress: Progress | None = None,
    *,
    generator: phase1.Generator = phase1.template_question,
    annotator: phase1.Annotator | None = None,
    peft_config: Any = None,
) -> Trained:
    """Trains ``model``, a policy after supervised tuning, in place on ``conversations``.

    The reference is ``model`` as it is given: to resume an interrupted run, give the same model again,
    not its checkpoint. ``generator`` is M and ``annotator`` G of Algorithm 1. Conversations that do not
    fit the model are left out, and counted in the history (``left_out``).
    """
    out_dir = Path(out_dir)
    config = with_folder(config or ACTConfig(), out_dir)
    if config.random_actions:
        if annotator is not None:
            raise ValueError("random_actions and an annotator exclude each other")
        annotator = phase1.random_actions(config.seed)
    identity = identity_of(
        config, method="act", data=content_hash(conversations), start=lm.fingerprint(model), adapter=str(peft_config)
    )
    if (done := finished(out_dir, identity, model)) is not None:
        return done
    env = open_env(source, user=config.user, max_rounds=config.max_rounds)
    room = models.room(model, tokenizer)
    think = lm.Thinker(model, tokenizer)
    plays, left_out = play_all(env, conversations, tokenizer, seed=config.seed, room=room, think=think)
    pairs = phase1.build(env, plays, tokenizer, seed=config.seed, generator=generator, annotator=annotator, think=think)
    if not pairs:
        raise ValueError(f"none of {len(conversations)} conversations fits the model's {room} positions")
    counters = Counters(extra={"left_out": len(left_out)})
    trainer = ACTTrainer(
        model,
        None if peft_config is not None else copy.deepcopy(model),
        config,
        pairs=pairs,
        env=env,
        processing_class=tokenizer,
        counters=counters,
        peft_config=peft_config,
    )
    return run(trainer, tokenizer, counters, identity, out_dir, progress)
