"""ACT, Action-Based Contrastive Self-Training: an agent learns from its own conversations when to ask.

- ``pairs``: phase 1, contrastive pairs from conversations (Algorithm 1);
- ``rollouts``: phase 2's sampling through the environment, scenarios A, B1 and B2 (Algorithm 2);
- ``batches``: pairs as tensors, and their log-probabilities with the prompt computed once;
- ``trainer``: ``ACTConfig``, ``ACTTrainer`` and ``train_act``.

The method: Chen, Sun, Pfister, Arik, "Learning to Clarify: Multi-turn Conversations with Action-Based
Contrastive Self-Training", ICLR 2025, arXiv 2406.00222.
"""
