"""Codebooks that are not learned: what their keys allow, and what is drawn for a step. Light to import: no Keras here."""
