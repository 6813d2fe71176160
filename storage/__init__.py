"""Keeping: MongoDB and the object store behind a few verbs; nothing above imports a driver."""
