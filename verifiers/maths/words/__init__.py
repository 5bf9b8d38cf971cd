"""Answers that are no formulas: choices, dates, times, numbers in words, fixed sayings, names and phrases.

`read_words` reads one, `same_words` compares two, `stated_choice` finds a choice in prose.
Nothing here knows expressions: what is mathematics as well (`7:45`, `fifteen`, `no solution`) says so by `certain` and
`tree`, and the verifier goes on with that.

    kinds     what is read        read   which kind, in a fixed order        compare   the comparison
    plain     typesetting, folding       choices  dates  times  quantities  numerals (spelling)  sayings  phrases
"""

from assaygym.verifiers.maths.words.choices import stated_choice
from assaygym.verifiers.maths.words.compare import same_words
from assaygym.verifiers.maths.words.kinds import Words
from assaygym.verifiers.maths.words.read import read_words

__all__ = ["Words", "read_words", "same_words", "stated_choice"]
