"""Notes as files: a Standard MIDI File, a MusicXML score, and a PDF."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mirelo_ergo.emulator.media.transcription import Note

TICKS = 480  # of a quarter note
DIVISIONS = 4  # of a quarter note in a score: sixteenths
STEPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
TYPES = {1: "16th", 2: "eighth", 4: "quarter", 8: "half", 16: "whole"}
DOTTED = {3: "eighth", 6: "quarter", 12: "half"}
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN"'
    ' "http://www.musicxml.org/dtds/partwise.dtd">\n'
)


def midi(notes: Sequence[Note], bpm: float = 120.0, program: int = 0) -> bytes:
    """Return notes as a MIDI file with one track at a tempo; `program` is the General MIDI instrument, from 0."""
    events: list[tuple[int, int, bytes]] = []
    for note in notes:
        events.append((_tick(note.start, bpm), 1, bytes([0x90, note.pitch, note.velocity])))
        events.append((_tick(note.end, bpm), 0, bytes([0x80, note.pitch, 0])))  # before a new note at the same time
    track = b"\x00\xff\x51\x03" + round(60_000_000 / bpm).to_bytes(3) + b"\x00" + bytes([0xC0, program])
    before = 0
    for tick, _, event in sorted(events):
        track += _variable(tick - before) + event
        before = tick
    track += b"\x00\xff\x2f\x00"
    return struct.pack(">4sIHHH4sI", b"MThd", 6, 0, 1, TICKS, b"MTrk", len(track)) + track


def _tick(seconds: float, bpm: float) -> int:
    return round(seconds * bpm / 60 * TICKS)


def _variable(number: int) -> bytes:
    """Write a number in as many bytes of seven bits as it needs."""
    parts = [number & 0x7F]
    while number := number >> 7:
        parts.append(0x80 | (number & 0x7F))
    return bytes(reversed(parts))


@attrs.frozen
class Meter:
    """A time signature."""

    numerator: int = 4
    denominator: int = 4

    @property
    def length(self) -> int:
        """The length of a measure in sixteenths."""
        return self.numerator * 4 * DIVISIONS // self.denominator


def musicxml(notes: Sequence[Note], bpm: float = 120.0, meter: Meter = Meter(), part: str = "Piano") -> bytes:
    """Return notes as a score with one part, in sixteenths, with rests and ties over the bar lines."""
    score = ET.Element("score-partwise", version="4.0")
    listed = ET.SubElement(ET.SubElement(score, "part-list"), "score-part", id="P1")
    ET.SubElement(listed, "part-name").text = part
    body = ET.SubElement(score, "part", id="P1")
    measures = _measures(_placed(notes, bpm), meter.length)
    for number, pieces in enumerate(measures, 1):
        measure = ET.SubElement(body, "measure", number=str(number))
        if number == 1:
            _attributes(measure, meter, bpm)
        for piece in pieces:
            _write(measure, piece)
    return HEAD.encode() + ET.tostring(score)


@attrs.frozen
class _Piece:
    """A note, or a rest without a pitch, within one measure; `length` in sixteenths."""

    length: int
    pitch: int | None = None
    tied_before: bool = False
    tied_after: bool = False


def _placed(notes: Sequence[Note], bpm: float) -> list[tuple[int, int, int]]:
    """Return (begin, end, pitch) in sixteenths, one after the other; none is shorter than one of them."""
    placed: list[tuple[int, int, int]] = []
    for note in notes:
        begin = max(round(note.start * bpm / 60 * DIVISIONS), placed[-1][0] + 1 if placed else 0)
        end = max(begin + 1, round(note.end * bpm / 60 * DIVISIONS))
        if placed and placed[-1][1] > begin:
            placed[-1] = (placed[-1][0], begin, placed[-1][2])
        placed.append((begin, end, note.pitch))
    return placed


def _measures(placed: Sequence[tuple[int, int, int]], length: int) -> list[list[_Piece]]:
    measures: list[list[_Piece]] = [[]]
    at = 0

    def add(until: int, pitch: int | None) -> None:
        nonlocal at
        begin = at
        while at < until:
            if at and at % length == 0 and measures[-1]:
                measures.append([])
            room = min(until, (at // length + 1) * length) - at
            size = next(size for size in (16, 12, 8, 6, 4, 3, 2, 1) if size <= room)
            sounds = pitch is not None
            measures[-1].append(_Piece(size, pitch, sounds and at > begin, sounds and at + size < until))
            at += size

    for begin, end, pitch in placed:
        add(begin, None)
        add(end, pitch)
    add(max(length, -(-at // length) * length), None)
    return measures


def _attributes(measure: ET.Element, meter: Meter, bpm: float) -> None:
    about = ET.SubElement(measure, "attributes")
    ET.SubElement(about, "divisions").text = str(DIVISIONS)
    ET.SubElement(ET.SubElement(about, "key"), "fifths").text = "0"
    time = ET.SubElement(about, "time")
    ET.SubElement(time, "beats").text = str(meter.numerator)
    ET.SubElement(time, "beat-type").text = str(meter.denominator)
    clef = ET.SubElement(about, "clef")
    ET.SubElement(clef, "sign").text = "G"
    ET.SubElement(clef, "line").text = "2"
    ET.SubElement(measure, "sound", tempo=f"{bpm:g}")


def _write(measure: ET.Element, piece: _Piece) -> None:
    """Add a note, with its elements in the order that MusicXML requires."""
    note = ET.SubElement(measure, "note")
    if piece.pitch is None:
        ET.SubElement(note, "rest")
    else:
        name = STEPS[piece.pitch % 12]
        pitch = ET.SubElement(note, "pitch")
        ET.SubElement(pitch, "step").text = name[0]
        if name.endswith("#"):
            ET.SubElement(pitch, "alter").text = "1"
        ET.SubElement(pitch, "octave").text = str(piece.pitch // 12 - 1)
    ET.SubElement(note, "duration").text = str(piece.length)
    ties = [kind for kind, tied in (("stop", piece.tied_before), ("start", piece.tied_after)) if tied]
    for kind in ties:
        ET.SubElement(note, "tie", type=kind)
    ET.SubElement(note, "voice").text = "1"
    ET.SubElement(note, "type").text = TYPES.get(piece.length) or DOTTED[piece.length]
    if piece.length in DOTTED:
        ET.SubElement(note, "dot")
    if ties:
        notations = ET.SubElement(note, "notations")
        for kind in ties:
            ET.SubElement(notations, "tied", type=kind)


PAGES = {"a4": (595, 842), "letter": (612, 792)}  # points
LINES_A_PAGE = 48


def pdf(notes: Sequence[Note], part: str, page_size: str) -> bytes:
    """Return a PDF that lists the notes, in place of an engraved score."""
    width, height = PAGES[page_size]
    named = [f"{STEPS[note.pitch % 12]}{note.pitch // 12 - 1}  {note.start:.2f} to {note.end:.2f} s" for note in notes]
    pages = [named[at : at + LINES_A_PAGE] for at in range(0, max(1, len(named)), LINES_A_PAGE)]
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, lines in enumerate(pages):
        shown = "".join(f"({line}) Tj T* " for line in [part, "", *lines])
        text = f"BT /F1 11 Tf 14 TL 50 {height - 60} Td {shown}ET".encode()
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents {5 + 2 * number} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        bodies.append(f"<< /Length {len(text)} >>\nstream\n".encode() + text + b"\nendstream")
    written, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(bodies, 1):
        places.append(len(written))
        written += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n{table}trailer << /Size {len(places) + 1} /Root 1 0 R >>\n"
    return bytes(written) + f"{end}startxref\n{len(written)}\n%%EOF\n".encode()
