"""The sandbox's HTTP server: the WSGI application, the wire formats, and the sandbox's own interface."""
