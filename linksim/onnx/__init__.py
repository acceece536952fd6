"""An ONNX file in, a checked model that runs on NumPy arrays out; no code of a file is run, memory and time are bounded."""
