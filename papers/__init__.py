"""What is printed (打印件): labels and receipts, drawn as PDF from facts alone."""
