"""Exports what was read for other programs: hOCR and searchable PDFs. Calls no service."""
