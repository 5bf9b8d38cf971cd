"""assaygym: a verifiable-reward gym for language-model agents."""
