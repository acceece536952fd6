"""A recipe and images in, a checkpoint of deep joint source-channel coding out."""
