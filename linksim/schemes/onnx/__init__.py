"""A pair of ONNX models as a scheme: pictures to what its encoder sends, and what arrived of that to its decoder's pictures."""
