"""Stateful interpreters that can be copied; see `guest/sessions.py` for the theory of operation."""

from assaygym.sandbox.sessions._opener import Opener
from assaygym.sandbox.sessions.keeper import SessionKeeper
from assaygym.sandbox.sessions.replay import ReplayKeeper

__all__ = ["Opener", "ReplayKeeper", "SessionKeeper"]
