"""The same tasks as decorators of the Dag author's own functions."""
