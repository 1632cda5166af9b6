"""CSV, Excel and Parquet as streams of Arrow batches, in and out."""
