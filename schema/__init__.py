"""The words clients see: types, inputs, enums, payloads; nothing here reads or decides."""
