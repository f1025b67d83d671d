"""Simulated users: the protocol, the oracle that needs no model, its personas, and a person who types."""

from act_env.users.base import Reply, ReplyKind, Trait, User, check_reply, make, of_episode, resolved_by

__all__ = ["Reply", "ReplyKind", "Trait", "User", "check_reply", "make", "of_episode", "resolved_by"]
