"""Jobs over a store or a stream: ingest, score, fold, erase."""
