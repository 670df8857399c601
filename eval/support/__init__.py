"""How well the check of written sentences tells whether passages support them."""
