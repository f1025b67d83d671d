"""Gymnasium environments in which every episode is one possibly ambiguous conversation.

Importing this package registers its ids with Gymnasium; ``gym.make("act_env:ActClarify-AmbigSQL-v0")``
imports it by itself.
"""

from act_env.registration import load_source, register_ids, task_ids

__all__ = ["load_source", "register_ids", "task_ids"]

register_ids()
