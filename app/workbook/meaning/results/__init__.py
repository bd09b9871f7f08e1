"""What the reading of a workbook results in: records, problems, notices, questions."""
