"""The environments that ship, one family a file."""
