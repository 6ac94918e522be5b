"""One run: the loop over keywords and pages, and the decisions it asks for. It knows neither HTTP nor SQL."""
