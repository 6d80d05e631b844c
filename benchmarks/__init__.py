"""What the provider costs beside what users would write instead, and beside the limit. Run by ``make bench``."""
