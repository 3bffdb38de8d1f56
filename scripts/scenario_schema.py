"""Write the JSON Schema of scenario files, which a test compares with the vocabulary."""

from __future__ import annotations

from mirelo_ergo.emulator.faults import schema

if __name__ == "__main__":
    schema.FILE.write_text(schema.text(), encoding="utf-8")
    print(f"wrote {schema.FILE.name}")
