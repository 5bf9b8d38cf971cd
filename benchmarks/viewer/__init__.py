"""A run in the terminal: `assay view`. Only `app`, `pages`, `widgets`, `screens` and `keys` need textual.

run.json, episodes.jsonl --source--> Row --listing--> the list: episodes, or tasks of two runs
                            |
                            +--EpisodeRecord--page--> Section --layout--> lines of the dialogue
"""
