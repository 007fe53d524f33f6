"""What leaves kscan as files: exports, and the report of HTML and CSV."""
