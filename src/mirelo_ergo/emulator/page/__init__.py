"""The page at the emulator's root: its jobs, requests and credits to look at, its clock and faults to work with."""

from mirelo_ergo.emulator.page.routes import Page

__all__ = ["Page"]
