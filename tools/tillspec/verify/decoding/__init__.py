"""What is inside of images and tokens."""
