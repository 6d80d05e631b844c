"""What was read, for other programs: hOCR, and PDFs that can be searched. Calls no service."""
