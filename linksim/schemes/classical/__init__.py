"""An image file in, the picture that its receiver shows out: over the link, or by an ideal code."""
