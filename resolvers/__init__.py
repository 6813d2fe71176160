"""The verbs: how each field is read, and how each mutation reads, decides and saves."""
