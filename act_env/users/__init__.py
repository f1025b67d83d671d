"""Simulated users: the protocol, the oracle that needs no model, and a person who types."""

from act_env.users.base import Reply, ReplyKind, User, make, resolved_by

__all__ = ["Reply", "ReplyKind", "User", "make", "resolved_by"]
