"""From the text of an answer to its tree; nothing here knows what trees are equal.

tree         what trees look like                          show          a tree as LaTeX that parses back to it
normalise    text to one plain notation: alphabets (Unicode), typesetting (LaTeX), separators (digits)
parser       `parse`: tokens -> core (the Pratt loop), with tables from literals, names, brackets, arguments, functions,
             calculus, environments, operators, units, conditions, statements
lexicon      the names known, and how tightly operators bind
"""
