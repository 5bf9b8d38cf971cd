"""Policies, rollouts and trainers."""
