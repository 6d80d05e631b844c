"""Lands answers in durable storage: the journal of what is paid for, and the tables derived from it."""
