"""The words clients see: types, inputs, enums, payloads; nothing here reads or decides."""

import schema.enums  # noqa: F401 - enums get their descriptions before any type uses them
