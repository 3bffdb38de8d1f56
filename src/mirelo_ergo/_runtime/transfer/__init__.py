"""Uploads and downloads: sources, external URLs, and the files that are written."""
