"""Pages: each function lays out what a service told it. Nothing is computed or stored here."""
