"""Points in, rows out: encode, send, receive, measure."""
