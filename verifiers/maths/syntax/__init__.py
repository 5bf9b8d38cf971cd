"""From the text of an answer to its tree; nothing here knows what trees are equal.

tree         what trees look like                          show          a tree as LaTeX that parses back to it
normalise    text to one plain notation, with alphabets (Unicode), typesetting (LaTeX), separators (digits)
parser       `parse`: tokens to a tree by the Pratt loop of core, with tables of what tokens do:
             literals, names, accents, brackets, arguments, functions, calculus, environments (what starts an expression),
             operators, relations, juxtaposed, units (what goes on from one), statements, phrases, conditions (a whole answer)
lexicon      the names known, and how tightly operators bind
"""
