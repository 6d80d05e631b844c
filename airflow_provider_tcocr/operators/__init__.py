"""The tasks that a Dag's author writes."""
