"""The doors: GraphQL, bytes in and out, feeds, health and the demonstration."""
