"""The command line, `assay`."""
