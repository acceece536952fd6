"""Items of the catalogue on disk: found, downloaded, verified, converted."""
