"""Templates of the report and the card."""
