"""What runs on the far side: in fresh interpreters that hold nothing of ours. Imports nothing from outside this folder.

Only `frames` (how both sides talk) and `seccomp` (tables, for tests and documents) are imported on the host's side too.
"""
