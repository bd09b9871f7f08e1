"""The values of single cells: amounts, dates, texts."""
