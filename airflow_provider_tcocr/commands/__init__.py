"""The subcommands of ``tcocr`` that work on a dataset, each in a module of its own."""
