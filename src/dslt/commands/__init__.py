"""The verbs of the `dslt` command, one module each."""
