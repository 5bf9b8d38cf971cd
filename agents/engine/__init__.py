"""How `TransformersPolicy` samples: requests join a running batch and leave it, token by token.

`Engine` queues requests and moves them into a `Running` batch, whose rows are `NativeRows` (the Llama family in plain
torch operations, with a static cache), `CachedRows` (any other model's own forward pass and cache) or `PlainRows` (no
cache; also what the others are checked against).
"""

from __future__ import annotations
