"""What people look at: text, tables, figures and the report."""
