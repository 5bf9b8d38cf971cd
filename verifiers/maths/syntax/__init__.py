"""From the text of an answer to its tree; nothing here knows what trees are equal.

normalise   typesetting, Unicode, HTML, separators      tokens   text to tokens      lexicon   the names known
parser      tokens to trees                             tree     what trees look like
"""
