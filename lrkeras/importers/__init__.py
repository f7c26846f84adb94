"""Models of other makers and versions, as Keras models: ONNX files and PyTorch modules."""
