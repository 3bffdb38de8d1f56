"""The page at the emulator's root: shows jobs, requests and credits, and controls the clock and faults."""

from mirelo_ergo.emulator.page.routes import Page

__all__ = ["Page"]
