"""Files in and out: upload sources, external URLs, downloads, and where they are written."""
