"""What a verification came to, for people and for machines. Everything here makes text; nothing is written or printed."""
