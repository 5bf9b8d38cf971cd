"""One number or expression against another: exact values, prime fields, floats with error bounds, many digits."""
