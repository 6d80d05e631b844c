"""From answers to durable storage: the journal of what is paid, and the tables derived from it."""
