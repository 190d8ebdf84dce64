"""What a page or a command may ask for; nothing here knows how a page is drawn."""
