"""What runs in a triggerer, without a worker's slot."""
