"""From the text of an answer to its tree; nothing here knows what trees are equal.

tree         what trees look like                          show          a tree as LaTeX that parses back to it
normalise    text to one plain notation, with alphabets (Unicode), typesetting (LaTeX), separators, bases
parser       `parse`: tokens to a tree by the Pratt loop of core, with tables of what tokens do
         where an expression begins: literals, names, accents, brackets, arguments, functions, calculus, environments
         where it goes on: operators, relations, juxtaposed, units;  a whole answer: statements, phrases, conditions
lexicon      the names known, and how tightly operators bind
"""
