"""The programs and charts the sandbox runs, found or built."""
