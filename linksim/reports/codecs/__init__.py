"""Codecs and images in, rate-distortion curves out."""
