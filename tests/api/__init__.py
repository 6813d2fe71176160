"""The server, through HTTP and WebSockets, as its clients meet it."""
