"""What Chinese looks like: bigrams, readings, scripts. Nothing is imported here, and no data read, until it is used."""
