"""The steps of reading a final answer out of a response; `assaygym.verifiers.extract` puts them together."""
