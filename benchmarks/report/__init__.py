"""What people look at: the run as plain text and Markdown, and as one HTML page with every episode in it."""
