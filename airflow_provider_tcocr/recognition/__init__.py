"""From one page to one outcome: called, retried as its error allows, given out as a recognition. Lands nothing."""
