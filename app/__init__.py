"""The application that runs on the server: receivables from a workbook, on a dashboard."""
