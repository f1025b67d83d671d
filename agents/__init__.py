"""Agents that act in the environments, learn in them, and are measured."""

from agents import clash

clash.check()
