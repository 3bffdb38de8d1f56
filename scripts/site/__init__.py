"""The documentation's site: its settings, and the pages that are written from the source."""
