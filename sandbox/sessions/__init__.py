"""Stateful interpreters that can be copied; see `guest/sessions.py` for the theory of operation."""

from assaygym.sandbox.sessions.keeper import SessionKeeper

__all__ = ["SessionKeeper"]
