"""Images in, files of formats that Pillow writes out, and back: JPEG 2000, WebP, AVIF."""
