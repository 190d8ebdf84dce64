"""Reports: an answer as a file that can be sent, printed and kept."""
