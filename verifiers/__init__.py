"""Prove a response right or wrong: (response, answer) -> Score."""
