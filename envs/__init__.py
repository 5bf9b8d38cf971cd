"""Tasks, tools and turns as Gymnasium environments.

`core` is the episode, `tasks` and `tool_env` the two ways to write one, `registration` the ids, `families` the
environments that ship.
"""
