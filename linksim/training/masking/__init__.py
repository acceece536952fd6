"""Training on masked images: a recipe's key and its draws in, a trained mask token and what it is worth out."""
