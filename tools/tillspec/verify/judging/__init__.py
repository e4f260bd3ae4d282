"""What an answer means: a refusal and its kind, a declared answer, an invalid value that was taken."""
