"""One page to one outcome: called, retried as its error allows, and told as a recognition. Lands nothing."""
